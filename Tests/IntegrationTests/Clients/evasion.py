"""One statement by the extended protocol: refused, or held and given up, and never answered with success."""

import sys

from wire import Wire, fields

SQL = sys.argv[1]


def outcome(wire):
    """The SQLSTATE of the refusal, "held", or "ran"."""
    while True:
        kind, payload = wire.receive()
        if kind == b"E":
            return fields(payload)["C"]
        if kind == b"N":
            return "held"
        if kind in (b"C", b"I", b"s"):
            return "ran"
        if kind == b"Z":
            return "nothing"


wire = Wire().login()
wire.parse(SQL)
wire.bind()
wire.execute()
wire.sync()
result = outcome(wire)
wire.close()
print(result)
# Names with Unicode escapes are not looked up, and so not judged.
assert result in (("0A000",) if 'U&"' in SQL else ("42501", "42601", "held")), result
