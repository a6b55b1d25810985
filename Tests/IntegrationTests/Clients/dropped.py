"""Columns that are taken away, as clients see them: what is said of a result's columns and what its rows have agree.

The schema is that of DropTests.swift: people (id, ssn, name, token, note), of which ssn and token are dropped.
"""

import os
import struct
import sys
import time

import psycopg
from wire import PATIENCE, Wire, error, kinds, rows, text

ALL = "SELECT id, ssn, name, token, note FROM people ORDER BY id"
FIRST = [b"1", b"Ann", b"one"]


def connect(**settings):
    return psycopg.connect(autocommit=True, **settings)


def description(payload):
    """Names and formats of a RowDescription's fields."""
    (count,) = struct.unpack("!h", payload[:2])
    found, rest = [], payload[2:]
    for _ in range(count):
        name, rest = rest.split(b"\0", 1)
        found.append((name.decode(), struct.unpack("!IhIhih", rest[:18])[5]))
        rest = rest[18:]
    assert not rest, rest
    return found


def described(messages):
    found = [description(payload) for kind, payload in messages if kind == b"T"]
    assert len(found) == 1, messages
    return found[0]


def names(messages):
    return [name for name, _ in described(messages)]


def bind(wire, formats, statement="", portal=""):
    codes = struct.pack(f"!h{len(formats)}h", len(formats), *formats)
    wire.send(b"B", text(portal) + text(statement) + struct.pack("!hh", 0, 0) + codes)


def describe(wire, kind, name=""):
    wire.send(b"D", kind + text(name))


# -- drivers


def cursors():
    with connect() as connection:
        for binary in (False, True):
            with connection.cursor(binary=binary) as cursor:
                cursor.execute(ALL)
                assert [column.name for column in cursor.description] == ["id", "name", "note"]
                assert cursor.fetchall() == [(1, "Ann", "one"), (2, "Bob", None)]
                cursor.execute("SELECT ssn FROM people WHERE id = %s", (1,))
                assert cursor.description == [] and cursor.fetchall() == [()], cursor.description
                cursor.execute("SELECT * FROM people_view WHERE id = %s", (1,))
                assert [column.name for column in cursor.description] == ["id", "note"]
                cursor.execute("INSERT INTO people VALUES (9, 's', 'n', NULL, 'x') RETURNING *")
                assert cursor.fetchone() == (9, "n", "x")
                cursor.execute("DELETE FROM people WHERE id = 9 RETURNING ssn, id")
                assert cursor.fetchone() == (9,)


def computed():
    with connect() as connection:
        found = connection.execute("SELECT lower(ssn) AS lower, id FROM people WHERE id = 1").fetchone()
        assert found == ("[redacted]", 1)
        # A column of that name, whatever it is.
        assert connection.execute("SELECT 'x' AS ssn, id FROM people WHERE id = 1").fetchone() == (1,)


def prepared():
    with connect() as connection:
        for binary in (False, True, False):
            for _ in range(7):
                with connection.cursor(binary=binary) as cursor:
                    cursor.execute("SELECT * FROM people WHERE id = %s", (1,), prepare=True)
                    assert cursor.fetchone() == (1, "Ann", "one")
        with connection.pipeline():
            some = [connection.execute("SELECT * FROM people WHERE id = %s", (1,)) for _ in range(5)]
        assert [cursor.fetchone() for cursor in some] == [(1, "Ann", "one")] * 5


def server_side():
    for binary in (False, True):
        with psycopg.connect() as connection, connection.cursor(name="c", binary=binary) as cursor:
            cursor.execute(ALL)
            assert [column.name for column in cursor.description] == ["id", "name", "note"]
            assert cursor.fetchone() == (1, "Ann", "one")
            assert cursor.fetchall() == [(2, "Bob", None)]
        with psycopg.connect() as connection, connection.cursor(name="c", scrollable=True) as cursor:
            cursor.execute("SELECT token, ssn FROM people")
            # libpq's description of a portal without columns is none.
            assert not cursor.description, cursor.description


def copies():
    with connect() as connection:
        cursor = connection.cursor()

        def copied(options, source="people"):
            with cursor.copy(f"COPY {source} TO STDOUT {options}") as copy:
                return b"".join(copy)

        assert copied("") == b"1\tAnn\tone\n2\tBob\t\\N\n"
        assert copied("(FORMAT csv, HEADER)") == b"id,name,note\n1,Ann,one\n2,Bob,\n"
        assert copied("(FORMAT csv)", "people (ssn, note)") == b"one\n\n"
        assert copied("", "(SELECT id, ssn, upper(ssn), note FROM people)") == (
            b"1\t[redacted]\tone\n2\t[redacted]\t\\N\n"
        )
        assert copied("", "people (ssn, token)") == b"\n\n"
        with cursor.copy("COPY people (id, ssn, name, note) TO STDOUT (FORMAT binary)") as copy:
            copy.set_types(["int4", "text", "text"])
            assert list(copy.rows()) == [(1, "Ann", "one"), (2, "Bob", None)]


# -- by hand


def simple():
    wire = Wire().login()
    assert names(wire.ask(ALL)) == ["id", "name", "note"]
    several = wire.ask("SELECT id FROM people; SELECT ssn, name FROM people")
    assert [[name for name, _ in description(body)] for kind, body in several if kind == b"T"] == [["id"], ["name"]]
    assert rows(several) == [[b"1"], [b"2"], [b"Ann"], [b"Bob"]]
    empty = wire.ask("SELECT ssn FROM people")
    assert described(empty) == [] and rows(empty) == [[], []] and kinds(empty) == "TDDCZ"
    wire.query("COPY people TO STDOUT (FORMAT binary)")
    copy = wire.ready()
    assert dict(copy)[b"H"] == struct.pack("!bhhhh", 1, 3, 1, 1, 1), copy
    wire.query("COPY people (ssn) TO STDOUT")
    assert dict(wire.ready())[b"H"] == struct.pack("!bh", 0, 0)


def formats():
    """Formats for the columns that the client was told of; or, without a description, for all of them."""
    wire = Wire().login()
    wire.parse(ALL, "s")
    describe(wire, b"S", "s")
    wire.sync()
    assert names(wire.ready()) == ["id", "name", "note"]
    for sent in ([1, 0, 0], [1], [0, 0, 1], [], [1, 1, 0, 1, 0]):
        expected = sent * 3 if len(sent) == 1 else sent or [0] * 3
        if len(sent) == 5:
            expected = [sent[0], sent[2], sent[4]]
        bind(wire, sent, "s")
        describe(wire, b"P")
        wire.execute()
        wire.sync()
        messages = wire.ready()
        assert described(messages) == list(zip(["id", "name", "note"], expected)), (sent, messages)
        first = rows(messages)[0]
        assert first == [struct.pack("!i", 1) if expected[0] else b"1", *FIRST[1:]], (sent, first)
    for sent in ([0, 0], [0, 0, 0, 0], [0] * 6):
        bind(wire, sent, "s")
        wire.execute()
        wire.sync()
        found = error(wire.ready())
        assert found["C"] == "08P01" and "3 columns" in found["M"], found


def pipelined():
    """Everything in one batch, with and without a description, and by a name or none."""
    for name in ("", "t"):
        for asks in (True, False):
            wire = Wire().login()
            wire.parse(ALL, name)
            if asks:
                describe(wire, b"S", name)
            bind(wire, [1, 0, 0], name)
            describe(wire, b"P")
            wire.execute()
            bind(wire, [0, 0, 0, 0, 1], name)
            wire.execute(rows=1)
            wire.execute()
            wire.sync()
            messages = wire.ready()
            assert kinds(messages) == "1" + ("tT" if asks else "") + "2TDDC2DsDCZ", messages
            assert rows(messages)[0] == [struct.pack("!i", 1), b"Ann", b"one"]
            assert rows(messages)[2] == FIRST
            wire.close()


def batches():
    """A description that fails is asked for again by the Bind that waits for it, and errors end what waits."""
    wire = Wire().login()
    wire.parse(ALL, "b")
    wire.sync()
    wire.ready()
    # Batch 1 fails before its Describe; batch 2, sent at once, needs the columns.
    wire.parse("SELECT nothing FROM nowhere", "x")
    describe(wire, b"S", "b")
    wire.sync()
    bind(wire, [0, 0, 1], "b")
    wire.execute()
    wire.sync()
    assert kinds(wire.ready()) == "EZ"
    second = wire.ready()
    assert kinds(second) == "2DDCZ" and rows(second)[0] == FIRST, second
    # In one batch: the Bind goes with what was before it.
    wire.parse(ALL, "y")
    wire.parse("SELECT nothing FROM nowhere", "z")
    bind(wire, [0, 0, 1], "y")
    wire.execute()
    wire.sync()
    assert kinds(wire.ready()) == "1EZ"
    wire.query("SELECT 1")
    assert rows(wire.ready()) == [[b"1"]]


def made_by_sql():
    """Statements and cursors of SQL: described as they run."""
    wire = Wire().login()
    wire.ask(f"PREPARE p AS {ALL}")
    describe(wire, b"S", "p")
    wire.sync()
    assert names(wire.ready()) == ["id", "name", "note"]
    messages = wire.ask("EXECUTE p")
    assert names(messages) == ["id", "name", "note"] and rows(messages)[0] == FIRST
    wire.ask("BEGIN")
    wire.ask(f"DECLARE c CURSOR FOR {ALL}")
    describe(wire, b"P", "c")
    wire.sync()
    assert names(wire.ready()) == ["id", "name", "note"]
    for sql in ("FETCH 1 FROM c", "FETCH BACKWARD 1 FROM c", "FETCH 1 FROM c"):
        messages = wire.ask(sql)
        assert names(messages) == ["id", "name", "note"], messages
    assert rows(messages) == [FIRST]
    wire.parse("FETCH 1 FROM c")
    describe(wire, b"S")
    bind(wire, [1, 0, 0])
    describe(wire, b"P")
    wire.execute()
    wire.sync()
    messages = wire.ready()
    assert rows(messages) == [[struct.pack("!i", 2), b"Bob", None]], messages


def dropping(path, columns):
    """Writes the policy anew and waits until it holds for new connections."""
    with open(path, encoding="utf-8") as file:
        lines = ["      - {columns: [" + columns + "], style: drop}\n" if "style: drop" in line else line for line in file]
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.writelines(lines)
    os.replace(path + ".new", path)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with connect() as connection:
            if (connection.execute("SELECT name FROM people").description == []) == ("*.name" in columns):
                return
    raise AssertionError("the policy is not read")


def other_policy():
    """While a connection has statements and a portal, the policy takes more columns away."""
    columns = '"*.ssn", people.token'
    try:
        statements_from_before(lambda: dropping(sys.argv[2], columns + ', "*.name"'))
    finally:
        dropping(sys.argv[2], columns)


def statements_from_before(change):
    wire = Wire().login()
    wire.parse(ALL, "told")
    describe(wire, b"S", "told")
    wire.parse(ALL, "untold")
    wire.parse("SELECT id FROM people ORDER BY id", "other")
    describe(wire, b"S", "other")
    wire.sync()
    wire.ready()
    wire.ask("BEGIN")
    bind(wire, [], "told", "portal")
    describe(wire, b"P", "portal")
    wire.execute("portal", rows=1)
    wire.sync()
    assert rows(wire.ready()) == [FIRST]
    change()
    # One thread of ingress may hear of it after another.
    end = time.monotonic() + PATIENCE
    while names(wire.ask("SELECT name FROM people LIMIT 0")) != []:
        assert time.monotonic() < end, "the policy is not read here"

    # The portal's client knows its columns: what the policy takes away now is empty.
    wire.execute("portal")
    wire.sync()
    messages = wire.ready()
    assert rows(messages) == [[b"2", None, None]], messages
    wire.ask("COMMIT")

    for formats in ([], [0], [0, 0, 0]):
        bind(wire, formats, "told")
        wire.execute()
        wire.sync()
        found = error(wire.ready())
        assert found["C"] == "0A000" and "Prepare" in found["H"], found
    bind(wire, [0, 0], "untold")
    describe(wire, b"P")
    wire.execute()
    wire.sync()
    messages = wire.ready()
    assert names(messages) == ["id", "note"] and rows(messages)[0] == [b"1", b"one"], messages
    bind(wire, [], "other")
    wire.execute()
    wire.sync()
    assert rows(wire.ready()) == [[b"1"], [b"2"]]
    wire.send(b"C", b"S" + text("told"))
    wire.parse(ALL, "told")
    describe(wire, b"S", "told")
    bind(wire, [1, 0], "told")
    wire.execute()
    wire.sync()
    messages = wire.ready()
    assert names(messages) == ["id", "note"] and rows(messages)[0] == [struct.pack("!i", 1), b"one"], messages


if __name__ == "__main__":
    globals()[sys.argv[1]]()
    print(f"{sys.argv[1]} ok", flush=True)
