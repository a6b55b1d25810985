"""Probes that send more than they wait for; run by probes.py."""

import select
import struct

from wire import PATIENCE, Closed, Wire, rows, text


def query_during_copy():
    """While the target waits for copy data nothing else may come; PostgreSQL says so too (PROTOCOLS, COPY)."""
    for kind, payload in ((b"Q", text("SELECT 5")), (b"P", b"\0" + text("SELECT 5") + b"\0\0")):
        wire = Wire().login()
        wire.query("BEGIN; COPY scratch (id, note) FROM STDIN")
        wire.until(b"G")
        wire.send(b"d", b"990\tnever\n")
        wire.send(kind, payload)
        try:
            messages = wire.until(b"Z")
        except Closed:
            messages = []
        assert not any(kind == b"Z" for kind, _ in messages), messages
        wire.close()
    wire = Wire().login()
    wire.query("SELECT count(*) FROM scratch WHERE id = 990")
    assert rows(wire.ready()) == [[b"0"]]


def flood():
    """A client that pipelines without end has its turns, and so have the others."""
    flooding, other = Wire().login(), Wire().login()
    count = 3000
    flooding.raw(b"".join(b"Q" + struct.pack("!i", len(sql) + 4) + sql for sql in [text("SELECT 1")] * count))
    other.query("SELECT 2")
    answered, ready, buffered = None, 0, b""
    while ready < count:
        readable, _, _ = select.select([flooding.socket, other.socket], [], [], PATIENCE)
        assert readable, "no answer"
        if other.socket in readable:
            assert rows(other.ready()) == [[b"2"]]
            answered = ready
        if flooding.socket in readable:
            buffered += flooding.socket.recv(1 << 16)
            while len(buffered) >= 5 and len(buffered) > (length := struct.unpack("!i", buffered[1:5])[0]):
                ready += buffered[:1] == b"Z"
                buffered = buffered[length + 1 :]
    assert answered is not None and answered < count / 2, f"the other session waited for {answered} of {count} commands"
