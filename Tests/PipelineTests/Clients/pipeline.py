"""One connection that runs a batch of the extended protocol for each line of standard input: several unnamed
statements and one Sync. Prints `ok` with the values, or the batch's first SQLSTATE; either way the connection goes on."""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "IntegrationTests" / "Clients"))

from wire import Wire, fields, row

SIZE = 5
# Random, so that no compression makes it fit into what is left of a disk's last page.
PADDING = os.urandom(6000).hex()

wire = Wire()
wire.login()
print("ready", flush=True)
for word in sys.stdin:
    word = word.strip()
    for number in range(SIZE):
        wire.parse(f"SELECT '{word} {number}' /* {PADDING} */")
        wire.bind()
        wire.execute()
    wire.sync()
    values, codes = [], []
    for kind, payload in wire.until(b"Z"):
        if kind == b"D":
            values.append(row(payload)[0])
        elif kind == b"E":
            codes.append(fields(payload)["C"])
    wanted = [f"{word} {number}".encode() for number in range(SIZE)]
    if codes:
        print(f"{word} error {codes}", flush=True)
    else:
        print(f"{word} {'ok' if values == wanted else values}", flush=True)
