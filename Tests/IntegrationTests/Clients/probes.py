"""Bytes that a hostile or unusual client sends. Each probe is a function; its name is the argument.

A probe ends quietly when the gateway behaved, and with an assertion when it did not.
"""

import struct
import sys
import time

from pipelines import flood, query_during_copy  # noqa: F401 (probes by name)
from wire import (CANCEL_REQUEST, GSSENC_REQUEST, SSL_REQUEST, Closed, Refused, Wire, error, fields, kinds, rows, text)

OTHER_USER = "postgres"
LENGTHS = [2**31 - 1, 0, -1, -2**31, 3]


def works():
    """A fresh connection can log in and ask."""
    wire = Wire().login()
    assert rows(wire.ask("SELECT 41 + 1")) == [[b"42"]]
    wire.close()


def refused_or_closed(wire):
    """The peer answers with an error or closes; it must not do as asked, nor hang."""
    try:
        while True:
            kind, payload = wire.receive()
            if kind == b"E":
                return fields(payload)
            assert not (kind == b"Z" or kind == b"R" and payload[:4] == b"\0\0\0\0"), "let in"
    except Closed:
        return None


def function_call():
    wire = Wire().login()
    wire.send(b"F", struct.pack("!ihhh", 2026, 0, 0, 0))  # pg_backend_pid()
    messages = wire.ready()
    assert kinds(messages) == "EZ", messages
    assert error(messages)["C"] in ("42501", "0A000"), messages
    assert rows(wire.ask("SELECT 1")) == [[b"1"]]


def replication():
    for value in ("true", "database", "on", "1"):
        wire = Wire()
        wire.startup(replication=value)
        try:
            wire.authenticate()
        except (Refused, Closed):
            continue
        raise AssertionError(f"replication={value} was let in")
    works()


def startup_options():
    for value in ("-c search_path=evil", "--search_path=evil", "-csearch_path=evil"):
        try:
            wire = Wire().login(options=value)
        except (Refused, Closed):
            continue
        path = rows(wire.ask("SHOW search_path"))
        assert path and path[0][0] != b"evil", f"options={value} reached the server"
    works()


def silence():
    """Connections that stop at every step of the way in do not keep others out."""
    idle = []
    for _ in range(20):
        idle.append(Wire())
        asked = Wire()
        asked.request(SSL_REQUEST)
        assert asked.bytes(1) in (b"S", b"N")
        idle.append(asked)
        half = Wire()
        half.raw(b"\0\0")
        idle.append(half)
        begun = Wire()
        begun.startup()
        begun.receive()
        idle.append(begun)
    for _ in range(5):
        works()


def startup_lengths():
    for length in LENGTHS + [7, 10001]:
        wire = Wire()
        wire.raw(struct.pack("!ii", length, 196608) if length >= 0 else struct.pack("!ii", length, 0))
        wire.raw(b"x" * 64)
        if length > 10000:
            wire.raw(b"x" * 20000)
        refused_or_closed(wire)
        wire.close()
    works()


def message_lengths():
    for kind in (b"Q", b"P", b"B", b"X", b"p", b"d"):
        for length in LENGTHS:
            wire = Wire().login()
            wire.raw(kind + struct.pack("!i", length))
            try:
                wire.raw(b"DROP TABLE scratch\0")
            except ConnectionError:
                pass
            refused_or_closed(wire)
            wire.close()
    works()


def truncated_payloads():
    """Messages whose inner counts promise more than the message holds."""
    hostile = [
        (b"P", b"name without end"),
        (b"P", text("") + text("SELECT 1") + struct.pack("!h", 100)),
        (b"P", text("") + text("SELECT 1") + struct.pack("!h", -1)),
        (b"B", text("") + text("") + struct.pack("!h", 32767)),
        (b"B", text("") + text("") + struct.pack("!hhi", 0, 1, 2**31 - 1)),
        (b"B", text("") + text("") + struct.pack("!hhi", 0, 1, -2)),
        (b"Q", b"SELECT 1"),
        (b"Q", b"SELECT 1\0DROP TABLE scratch\0"),
        (b"D", b"P"),
        (b"D", b"Z\0"),
        (b"E", text("")),
        (b"C", b""),
        (b"F", b""),
        (b"S", b"left over"),
    ]
    for kind, payload in hostile:
        wire = Wire().login()
        wire.send(kind, payload)
        wire.sync()
        refused_or_closed(wire)
        wire.close()
    works()


def unknown_messages():
    for kind in (b"\0", b"!", b"z", b"R", b"\xff"):
        wire = Wire().login()
        wire.send(kind, b"payload")
        wire.sync()
        refused_or_closed(wire)
        wire.close()
    works()


def second_startup():
    """A second StartupMessage must not change who is logging in (CVE-2026-107350), nor who is logged in."""
    wire = Wire()
    wire.startup()
    wire.receive()
    wire.startup(user=OTHER_USER)
    refused_or_closed(wire)
    wire.close()

    wire = Wire().login()
    wire.startup(user=OTHER_USER)
    wire.query("SELECT 1")
    refused_or_closed(wire)
    wire.close()
    works()


def bytes_before_tls():
    """What was sent in the clear behind an SSLRequest is never taken for what came over TLS (CVE-2021-23214)."""
    wire = Wire()
    startup = b"".join(text(part) for part in ("user", OTHER_USER, "database", "orders")) + b"\0"
    wire.raw(struct.pack("!ii", 8, SSL_REQUEST) + struct.pack("!ii", len(startup) + 8, 196608) + startup)
    try:
        answer = wire.bytes(1)
        if answer == b"S":
            assert wire.bytes(1) not in (b"R", b"Z"), "the injected startup was answered"
    except Closed:
        pass
    works()


def encryption_requests():
    """GSSENCRequest and SSLRequest in either order, each answered once, then a plain login."""
    wire = Wire()
    wire.request(GSSENC_REQUEST)
    assert wire.bytes(1) == b"N"
    wire.login()
    assert rows(wire.ask("SELECT 1")) == [[b"1"]]


def protocol_versions():
    for version in (196608, 196610):
        wire = Wire().login(version)
        assert rows(wire.ask("SELECT 1")) == [[b"1"]]
    wire = Wire()
    wire.startup(**{"_pq_.unheard_of": "1"})
    kind, payload = wire.receive()
    assert kind == b"v" and b"_pq_.unheard_of" in payload, (kind, payload)
    wire.authenticate()
    for version in (2 << 16, 4 << 16):
        wire = Wire()
        wire.startup(version)
        refused_or_closed(wire)


def huge_statement():
    """Above the parser's limit nothing is let through unjudged."""
    padding = "/*" + "x" * (9 << 20) + "*/"
    for sql in ("DELETE FROM scratch " + padding, padding + "DROP TABLE scratch", "SELECT 1 " + padding):
        for extended in (False, True):
            wire = Wire().login()
            try:
                if extended:
                    wire.parse(sql)
                    wire.bind()
                    wire.execute()
                    wire.sync()
                else:
                    wire.query(sql)
            except ConnectionError:
                continue
            found = refused_or_closed(wire)
            assert found is None or found["C"] in ("42501", "54000", "08P01"), found
            wire.close()
    works()


def cancel():
    """A CancelRequest with a wrong key does nothing; with the right one it ends what runs."""
    wire = Wire().login()
    wire.query("SELECT pg_sleep(1)")
    for pid, key in ((wire.pid, bytes(len(wire.key))), (b"\0\0\0\1", wire.key), (wire.pid, b""), (wire.pid, b"x" * 300)):
        other = Wire()
        other.request(CANCEL_REQUEST, pid + key)
        other.close()
    assert kinds(wire.ready()) == "TDCZ"

    wire.query("SELECT pg_sleep(60)")
    deadline = time.monotonic() + 30
    wire.socket.settimeout(1)
    while True:
        # Sent again until it works: the first may arrive before the statement does.
        other = Wire()
        other.request(CANCEL_REQUEST, wire.pid + wire.key)
        other.close()
        try:
            messages = wire.ready()
            break
        except TimeoutError:
            assert time.monotonic() < deadline, "not cancelled"
    assert error(messages)["C"] == "57014", messages
    wire.socket.settimeout(20)
    # One that was sent again may arrive only now.
    while "E" in kinds(answer := wire.ask("SELECT 1")):
        assert error(answer)["C"] == "57014" and time.monotonic() < deadline, answer
    assert rows(answer) == [[b"1"]]


def refused_in_pipeline():
    """A refusal stands where the answer would, everything up to Sync is skipped, and what follows works."""
    wire = Wire().login()
    wire.parse("SELECT 1")
    wire.bind()
    wire.execute()
    wire.parse("CREATE TABLE nobody_at_all (x integer)")
    wire.bind()
    wire.execute()
    wire.parse("SELECT 'must be skipped'")
    wire.bind()
    wire.execute()
    wire.sync()
    wire.parse("SELECT 3")
    wire.bind()
    wire.execute()
    wire.sync()
    messages = wire.ready()
    assert kinds(messages) == "12DCEZ", kinds(messages)
    found = error(messages)
    assert found["C"] == "42501" and found.get("H"), found
    messages = wire.ready()
    assert kinds(messages) == "12DCZ" and rows(messages) == [[b"3"]], messages
    assert wire.status == b"I"


def refused_in_transaction():
    for extended in (False, True):
        wire = Wire().login()
        wire.ask("BEGIN")
        assert wire.status == b"T"
        if extended:
            wire.parse("CREATE TABLE nobody_at_all (x integer)")
            wire.bind()
            wire.execute()
            wire.sync()
            messages = wire.ready()
        else:
            messages = wire.ask("CREATE TABLE nobody_at_all (x integer)")
        assert error(messages)["C"] == "42501", messages
        assert wire.status == b"E", f"extended={extended}: transaction status {wire.status}"
        assert error(wire.ask("SELECT 1"))["C"] == "25P02"
        assert wire.status == b"E"
        wire.parse("SELECT 1")
        wire.bind()
        wire.execute()
        wire.sync()
        assert error(wire.ready())["C"] == "25P02"
        messages = wire.ask("COMMIT")
        assert [payload for kind, payload in messages if kind == b"C"] == [b"ROLLBACK\0"], messages
        assert wire.status == b"I"
        assert rows(wire.ask("SELECT 1")) == [[b"1"]]


def savepoint_survives_refusal():
    wire = Wire().login()
    wire.ask("BEGIN")
    wire.ask("SAVEPOINT before")
    assert error(wire.ask("CREATE TABLE nobody_at_all (x integer)"))["C"] == "42501"
    assert wire.status == b"E"
    wire.ask("ROLLBACK TO SAVEPOINT before")
    assert wire.status == b"T"
    assert rows(wire.ask("SELECT 1")) == [[b"1"]]
    wire.ask("COMMIT")
    assert wire.status == b"I"


def flush_and_portals():
    """Flush without Sync is answered; Execute with a row limit suspends and goes on; named statements last."""
    wire = Wire().login()
    wire.parse("SELECT id FROM customers ORDER BY id", "all")
    wire.flush()
    assert kinds(wire.until(b"1")) == "1"
    wire.bind("all", "some")
    wire.describe_portal("some")
    wire.execute("some", 10)
    wire.flush()
    messages = wire.until(b"s")
    assert kinds(messages) == "2T" + "D" * 10 + "s", kinds(messages)
    wire.execute("some", 5)
    wire.execute("some", 0)
    wire.sync()
    messages = wire.ready()
    assert kinds(messages) == "D" * 5 + "s" + "D" * 985 + "CZ", kinds(messages)[:40]
    assert rows(messages)[0] == [b"11"]
    wire.bind("all")
    wire.execute("", 1)
    wire.send(b"C", b"S" + text("all"))
    wire.sync()
    assert kinds(wire.ready()) == "2Ds3Z"
    wire.bind("all")
    wire.sync()
    assert error(wire.ready())["C"] == "26000"
    wire.query("")
    assert kinds(wire.ready()) == "IZ"


def several_statements():
    wire = Wire().login()
    messages = wire.ask("SELECT 1; SELECT 2; SELECT 3")
    assert kinds(messages) == "TDC" * 3 + "Z" and rows(messages) == [[b"1"], [b"2"], [b"3"]], messages
    messages = wire.ask("SELECT 1; SELECT 1/0; SELECT 3")
    assert kinds(messages).startswith("TDC") and kinds(messages).endswith("EZ") and error(messages)["C"] == "22012"


def statement_replaced():
    """A statement name that is used again is judged again; a failed Parse leaves the earlier one alone."""
    wire = Wire().login()
    wire.parse("SELECT 1", "s")
    wire.sync()
    assert kinds(wire.ready()) == "1Z"
    wire.parse("CREATE TABLE nobody_at_all (x integer)", "s")
    wire.sync()
    assert kinds(wire.ready()) == "EZ"
    wire.parse("CREATE TABLE nobody_at_all (x integer)", "t")
    wire.sync()
    assert error(wire.ready())["C"] == "42501"
    wire.bind("t")
    wire.execute()
    wire.sync()
    assert error(wire.ready())["C"] in ("26000", "42501")
    wire.bind("s")
    wire.execute()
    wire.sync()
    assert rows(wire.ready()) == [[b"1"]]


def ambiguous_names():
    """Names that PostgreSQL would cut or convert could stand for another statement there than here."""
    for name in ("n" * 64, "\u00e9", "e\u0301"):
        for build in (
            lambda wire: wire.parse("SELECT 1", name),
            lambda wire: (wire.parse("SELECT 1"), wire.bind("", name)),
            lambda wire: (wire.parse("SELECT 1"), wire.bind(), wire.execute(name)),
        ):
            wire = Wire().login()
            build(wire)
            wire.sync()
            refused_or_closed(wire)
            wire.close()
    works()


def settings_as_rows():
    """An UPDATE of pg_settings is a SET: nothing behind it may be read by other rules than it was judged by."""
    wire = Wire().login()
    trick = r"SELECT 'a\', ' ; INSERT INTO scratch VALUES (777, 7); --'"
    assert len(rows(wire.ask(trick))) == 1  # as it is judged: one harmless string
    wire.query("UPDATE pg_settings SET setting = 'off' WHERE name = 'standard_conforming_strings'")
    wire.query(trick)
    refused_or_closed(wire)
    wire.close()
    other = Wire().login()
    assert rows(other.ask("SELECT count(*) FROM scratch WHERE id = 777")) == [[b"0"]]
    other.close()


def utility_under_a_name():
    """What SQL EXECUTE would run by name alone is not prepared under a name."""
    for sql in ("DEALLOCATE s", "DISCARD ALL", "FETCH ALL FROM c", "COPY scratch TO STDOUT", "DECLARE c CURSOR FOR SELECT 1"):
        wire = Wire().login()
        wire.parse(sql, "d")
        wire.sync()
        assert error(wire.ready())["C"] == "0A000", sql
        assert rows(wire.ask("SELECT 1")) == [[b"1"]]
        wire.close()


def query_in_a_failed_batch():
    """PostgreSQL ignores a Query until Sync after an error of the extended protocol; the replies stay in step."""
    wire = Wire().login()
    wire.parse("SELECT 1/0")
    wire.bind()
    wire.execute()
    wire.query("SELECT 2")
    wire.sync()
    assert error(wire.ready())["C"] == "22012"
    assert rows(wire.ask("SELECT 3")) == [[b"3"]]
    wire.close()


def byte_by_byte():
    """Every message arrives one byte at a time."""
    wire = Wire()
    wire.socket.setsockopt(6, 1, 1)  # TCP_NODELAY
    send = wire.raw
    def drip(data):
        for place in range(len(data)):
            send(data[place:place + 1])
    wire.raw = drip
    wire.login()
    assert rows(wire.ask("SELECT 'a', 'b'")) == [[b"a", b"b"]]


def unsafe_settings():
    """Encodings and settings under which the server reads other text than the parser judged."""
    for encoding in ("SJIS", "BIG5", "GBK", "GB18030", "UHC", "JOHAB"):
        try:
            wire = Wire().login(client_encoding=encoding)
        except (Refused, Closed):
            continue
        assert rows(wire.ask("SHOW client_encoding")) != [[encoding.encode()]], f"{encoding} is in force"
    for change in ("SET client_encoding = 'SJIS'", "SET NAMES 'GBK'", "SET standard_conforming_strings = off",
                   "SELECT set_config('client_encoding', 'BIG5', false)"):
        wire = Wire().login()
        try:
            messages = wire.ask(change)
            assert "E" in kinds(messages), f"{change} was let through"
        except Closed:
            pass
    works()


def secret_in_error():
    """What the client gets when its password is wrong tells nothing about the account."""
    found = []
    for user in (None, "nobody-at-all"):
        wire = Wire()
        wire.startup(**({"user": user} if user else {}))
        try:
            wire.authenticate("wrong password")
            raise AssertionError("let in")
        except Refused as refused:
            found.append({key: refused.fields.get(key) for key in "SCH"})
    assert found[0] == found[1] and found[0]["C"] in ("28P01", "28000"), found


if __name__ == "__main__":
    for name in sys.argv[1:]:
        globals()[name]()
        print("ok", name)
