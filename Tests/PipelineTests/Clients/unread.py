"""Sends as many statements as its argument says without reading one answer. Prints `stuck N` with the number sent once
no more can be sent, then, told by its input, reads: `read N` with the number of answers, in their order.
"""

import pathlib
import select
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "IntegrationTests" / "Clients"))

from wire import Wire, row, text

STATEMENTS = int(sys.argv[1])
BLOCKED = 3  # seconds without room: nobody takes any more
# The answer names its statement and is large, so that the way back fills first.
STATEMENT = "SELECT $1::text, repeat('x', 5000)"


def statement(number):
    value = f"{number:0500}".encode()
    bind = text("") + text("s") + struct.pack("!hhi", 0, 1, len(value)) + value + struct.pack("!h", 0)
    return message(b"B", bind) + message(b"E", text("") + struct.pack("!i", 0)) + message(b"S", b"")


def message(kind, payload):
    return kind + struct.pack("!i", len(payload) + 4) + payload


wire = Wire()
wire.login()
wire.parse(STATEMENT, name="s")
wire.sync()
wire.ready()
wire.socket.setblocking(False)
sent, pending = 0, b""
while sent < STATEMENTS or pending:
    if not pending:
        pending = statement(sent)
        sent += 1
    if not select.select([], [wire.socket], [], BLOCKED)[1]:
        break
    try:
        pending = pending[wire.socket.send(pending):]
    except BlockingIOError:
        continue
print(f"stuck {sent}", flush=True)
sys.stdin.readline()
wire.socket.settimeout(60)
found = 0
# The last one may have been cut: it gets no answer.
whole = sent - (1 if pending else 0)
while found < whole:
    for kind, payload in wire.until(b"Z"):
        if kind == b"D":
            number, filler = row(payload)
            assert int(number) == found and len(filler) == 5000, (number, found)
            found += 1
        assert kind != b"E", payload
print(f"read {found}", flush=True)
