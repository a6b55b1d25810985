"""Batches of records as Ingress sends them (Sources/Contract/bus.proto), in buffers that are sent again and again: each time
with the next numbers in their places."""

import secrets
import time

WRITTEN, SYNCED = 1, 2
NUMBER_BYTES = 4  # of a number that is replaced in place


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def fixed(value):
    """The same always as long: protobuf allows a number more bytes than it needs."""
    return bytes((value >> shift) & 0x7F | 0x80 for shift in range(0, 7 * NUMBER_BYTES - 7, 7)) + bytes(
        [value >> 7 * NUMBER_BYTES - 7])


def number(field, value):
    return varint(field << 3) + varint(value)


def text(field, value):
    return varint(field << 3 | 2) + varint(len(value)) + value


def rows(size):
    """Rows as PostgreSQL sends them: compressible as text is."""
    found = bytearray()
    row = 0
    while len(found) < size:
        fields = [b"%d" % row, b"Customer number %d" % row, b"person%d@mail%d.example.com" % (row, row % 7),
                  secrets.token_hex(16).encode() + b" lives at number %d of some longer street" % (row % 100)]
        body = len(fields).to_bytes(2) + b"".join(len(field).to_bytes(4) + field for field in fields)
        found += b"D" + (len(body) + 4).to_bytes(4) + body
        row += 1
    return bytes(found[:size])


def output(_):
    return text(15, text(2, rows(64 << 10)))


def command(index):
    """What one command is recorded as: its text with a decision, and its end."""
    if index % 2:
        return text(14, number(1, index) + text(2, b"SELECT 1") + number(5, 1) + number(6, 74) + text(10, b"done")
                    + text(9, rows(74)) + number(16, time.time_ns() // 1000))
    decided = (number(1, index) + number(2, 1) + text(4, b"agents may read orders") + text(5, b"classifier")
               + text(7, secrets.token_bytes(32)) + text(10, b"public.pgbench_accounts"))
    statement = b"SELECT abalance FROM pgbench_accounts WHERE aid = %d" % secrets.randbelow(10_000_000)
    return text(11, number(1, index) + text(2, statement) + text(4, secrets.token_bytes(32)) + text(6, b"Query")
                + text(7, decided))


class Batch:
    """Records of some sessions, which go on each time it is sent: so it is not sent again before it was acknowledged."""

    def __init__(self, sessions, records, durability, event):
        self.sessions = [secrets.token_hex(16).encode() for _ in range(sessions)]
        self.names = [text(1, session) for session in self.sessions]
        self.records = sessions * records
        self.each = records
        self.through = 0
        self.body = bytearray()
        self.places = []
        for session in self.sessions:
            for index in range(records):
                head = text(1, session) + varint(2 << 3)
                rest = number(3, time.time_ns() // 1000) + event(index)
                record = head + fixed(0) + rest
                start = varint(1 << 3 | 2) + varint(len(record))
                self.places.append((len(self.body) + len(start) + len(head), index + 1))
                self.body += start + record
        self.body += number(2, durability)

    def next(self):
        """Numbers its records anew, behind those that it had before."""
        numbers = [fixed(self.through + index) for index in range(self.each + 1)]
        for place, index in self.places:
            self.body[place:place + NUMBER_BYTES] = numbers[index]
        self.through += self.each

    def is_acknowledged(self, answer):
        """Whether a RecordAck is this batch's, whole."""
        through = number(2, self.through)
        head = varint(1 << 3 | 2) + varint(len(self.names[0]) + len(through))
        return answer.startswith(b"".join([head + name + through for name in self.names]))
