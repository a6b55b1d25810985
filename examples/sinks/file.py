#!/usr/bin/env python3
"""A sink of your own: appends events to a file. Usage: file.py PATH

Events come as lines of JSON on standard input, an empty line behind each batch. When a batch is safe, the id of its last
event goes out as a line: Sluice then moves on. Whatever is not answered comes again, also after a restart.
"""
import json
import os
import sys


def main():
    batch = []
    with open(sys.argv[1], "ab") as file:
        for line in sys.stdin.buffer:
            if line != b"\n":
                batch.append(line)
                continue
            # Whole batches alone: where the input breaks off, the last line may be a part of one.
            file.write(b"".join(batch))
            file.flush()
            os.fsync(file.fileno())
            print(json.loads(batch[-1])["metadata"]["uid"], flush=True)
            batch = []


main()
