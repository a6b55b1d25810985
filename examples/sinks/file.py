#!/usr/bin/env python3
"""A sink of your own: appends events to a file. Usage: file.py PATH

Events come as lines of JSON on standard input, an empty line behind each batch. When a batch is safe, the id of its last
event goes out as a line: Sluice then moves on. Whatever is not answered comes again, also after a restart.
"""
import json
import os
import sys


def main():
    last = None
    with open(sys.argv[1], "a", encoding="utf-8") as file:
        for line in sys.stdin:
            if line != "\n":
                file.write(line)
                last = json.loads(line)["metadata"]["uid"]
                continue
            file.flush()
            os.fsync(file.fileno())
            print(last, flush=True)


main()
