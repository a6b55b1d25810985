"""For each line of standard input: sends as many simple queries as its argument says at once, and reads the answers. Prints
their SQLSTATEs, each with how often it came (`-`: an answer without an error).
"""

import collections
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "IntegrationTests" / "Clients"))

from wire import Wire, fields

COUNT = int(sys.argv[1])

wire = Wire()
wire.login()
wire.socket.settimeout(600)
print("ready", flush=True)
for word in sys.stdin:
    for number in range(COUNT):
        wire.query(f"SELECT '{word.strip()} {number}'")
    codes = collections.Counter()
    for _ in range(COUNT):
        found = [fields(payload)["C"] for kind, payload in wire.until(b"Z") if kind == b"E"]
        codes[found[0] if found else "-"] += 1
    print(word.strip(), dict(codes), flush=True)
