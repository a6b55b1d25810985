"""Row limits: at most ten rows a command, of a table `crowd` with 30 (id 1 to 30).

Each probe is a function; its name is the argument. Every probe begins with the table as it was.
"""

import sys
import time

import psycopg
from psycopg import errors

from wire import Closed, Wire, error, fields, kinds, rows

ALL = "DELETE FROM crowd WHERE id > 0"
TEN = "DELETE FROM crowd WHERE id <= 10"


def count(wire):
    (row,) = rows(wire.ask("SELECT count(*) FROM crowd"))
    return int(row[0])


def refused(messages, replies, status):
    """The replies end with the limit's refusal."""
    assert kinds(messages) == replies, (kinds(messages), messages[-2:])
    told = error(messages)
    assert told["C"] == "42501" and "few rows" in told["M"] and "10" in told["M"] and told["H"], told
    assert messages[-1] == (b"Z", status), messages[-1]
    return told


def extended(wire, sql, name="", portal="", limit=0, describe=True):
    wire.parse(sql, name)
    wire.bind(name, portal)
    if describe:
        wire.describe_portal(portal)
    wire.execute(portal, limit)


def autocommit():
    wire = Wire().login()
    assert "30 rows" in refused(wire.ask(ALL), "EZ", b"I")["M"]
    assert count(wire) == 30
    assert kinds(wire.ask(TEN)) == "CZ" and wire.status == b"I"
    assert count(wire) == 20
    refused(wire.ask("UPDATE crowd SET note = 'x' WHERE id > 15"), "EZ", b"I")
    refused(wire.ask("INSERT INTO crowd SELECT id + 1000, note FROM crowd"), "EZ", b"I")
    assert kinds(wire.ask("INSERT INTO crowd VALUES (11)")) == "EZ", "a duplicate"
    assert wire.status == b"I"
    assert count(wire) == 20


def transaction():
    wire = Wire().login()
    wire.ask("BEGIN")
    assert kinds(wire.ask(TEN)) == "CZ" and wire.status == b"T"
    refused(wire.ask("DELETE FROM crowd WHERE id > 11"), "EZ", b"E")
    assert error(wire.ask("SELECT 1"))["C"] == "25P02"
    assert wire.ask("COMMIT")[0] == (b"C", b"ROLLBACK\0")
    assert count(wire) == 30


def savepoints():
    wire = Wire().login()
    wire.ask("BEGIN")
    wire.ask("DELETE FROM crowd WHERE id <= 5")
    wire.ask("SAVEPOINT here")
    refused(wire.ask(ALL), "EZ", b"E")
    wire.ask("ROLLBACK TO here")
    assert wire.status == b"T"
    assert kinds(wire.ask("DELETE FROM crowd WHERE id = 6")) == "CZ"
    wire.ask("COMMIT")
    assert count(wire) == 24


def extended_protocol():
    wire = Wire().login()
    extended(wire, ALL)
    wire.sync()
    refused(wire.ready(), "12nEZ", b"I")
    assert count(wire) == 30
    extended(wire, TEN, name="named", portal="p")
    wire.sync()
    assert kinds(wire.ready()) == "12nCZ"
    assert count(wire) == 20
    wire.ask("BEGIN")
    extended(wire, ALL)
    wire.sync()
    refused(wire.ready(), "12nEZ", b"E")
    wire.ask("ROLLBACK")
    assert count(wire) == 20


def batches():
    wire = Wire().login()
    for sql in ("DELETE FROM crowd WHERE id <= 3", ALL, "DELETE FROM crowd WHERE id = 4"):
        extended(wire, sql, describe=False)
    wire.sync()
    refused(wire.ready(), "12C12EZ", b"I")
    assert count(wire) == 30
    for sql in ("DELETE FROM crowd WHERE id <= 3", "DELETE FROM crowd WHERE id <= 6"):
        extended(wire, sql, describe=False)
    wire.sync()
    assert kinds(wire.ready()) == "12C12CZ"
    assert count(wire) == 24
    # Two batches at once: the second one is not touched by what became of the first.
    extended(wire, ALL, describe=False)
    wire.sync()
    extended(wire, "DELETE FROM crowd WHERE id = 7", describe=False)
    wire.sync()
    refused(wire.ready(), "12EZ", b"I")
    assert kinds(wire.ready()) == "12CZ"
    assert count(wire) == 23


def returning():
    wire = Wire().login()
    refused(wire.ask(ALL + " RETURNING id"), "EZ", b"I")
    assert len(rows(wire.ask(TEN + " RETURNING id"))) == 10
    assert count(wire) == 20
    extended(wire, ALL + " RETURNING id")
    wire.sync()
    refused(wire.ready(), "12TEZ", b"I")
    # Its rows are changed before the first one is returned.
    extended(wire, ALL + " RETURNING id", limit=1)
    wire.sync()
    assert "without a row limit" in refused(wire.ready(), "12TEZ", b"I")["H"]
    assert count(wire) == 20
    extended(wire, "DELETE FROM crowd WHERE id < 16", limit=1)
    wire.sync()
    assert kinds(wire.ready()) == "12nCZ"
    assert count(wire) == 15


def copy_in():
    wire = Wire().login()
    for start, number, left in ((100, 11, 30), (100, 10, 40)):
        wire.query("COPY crowd (id) FROM STDIN")
        assert kinds(wire.until(b"G")) == "G"
        for id in range(start, start + number):
            wire.send(b"d", b"%d\n" % id)
        wire.send(b"c")
        messages = wire.ready()
        if number > 10:
            refused(messages, "EZ", b"I")
        else:
            assert kinds(messages) == "CZ", messages
        assert count(wire) == left
    extended(wire, "COPY crowd (id) FROM STDIN", describe=False)
    wire.flush()
    assert kinds(wire.until(b"G")) == "12G"
    for id in range(200, 211):
        wire.send(b"d", b"%d\n" % id)
    wire.send(b"c")
    wire.sync()
    refused(wire.ready(), "EZ", b"I")
    assert count(wire) == 40
    # All at once, as libpq may.
    wire.query("COPY crowd (id) FROM STDIN")
    wire.send(b"d", b"300\n")
    wire.send(b"c")
    assert kinds(wire.ready()) == "GCZ"
    assert count(wire) == 41


def several():
    wire = Wire().login()
    first, last = "DELETE FROM crowd WHERE id <= 6", "DELETE FROM crowd WHERE id > 24"
    refused(wire.ask(f"{first}; {last}"), "EZ", b"I")
    assert count(wire) == 30
    assert kinds(wire.ask(f"{first}; SELECT 1; DELETE FROM crowd WHERE id > 28")) == "CTDCCZ"
    assert count(wire) == 22
    assert error(wire.ask(f"{last}; COMMIT"))["C"] == "42501"
    assert count(wire) == 22
    assert kinds(wire.ask("DELETE FROM crowd WHERE id = 7; DELETE FROM nothing")) == "CEZ"
    assert count(wire) == 22


def tables():
    """A table made of a query has no more rows than the limit."""
    wire = Wire().login()
    for sql in ("CREATE TEMP TABLE copied AS SELECT id FROM crowd", "SELECT id INTO TEMP selected FROM crowd"):
        refused(wire.ask(sql), "EZ", b"I")
        assert kinds(wire.ask(f"{sql} LIMIT 10")) == "CZ", sql


def deferred():
    wire = Wire().login()
    for sql in ("INSERT INTO follower VALUES (999)", "INSERT INTO follower VALUES (999) RETURNING leader"):
        messages = wire.ask(sql)
        assert kinds(messages) in ("EZ", "TDEZ") and error(messages)["C"] == "23503", messages
        assert wire.status == b"I"
    assert rows(wire.ask("SELECT count(*) FROM follower")) == [[b"0"]]
    assert kinds(wire.ask("INSERT INTO follower VALUES (1)")) == "CZ"


def pipelined():
    """What the client sends behind a limited command waits for its outcome."""
    wire = Wire().login()
    wire.query(ALL)
    wire.query("SELECT count(*) FROM crowd")
    wire.query("BEGIN")
    wire.query("DELETE FROM crowd WHERE id = 1")
    wire.query(ALL)
    wire.query("ROLLBACK")
    wire.query("SELECT count(*) FROM crowd")
    refused(wire.ready(), "EZ", b"I")
    assert rows(wire.ready()) == [[b"30"]]
    assert kinds(wire.ready()) == "CZ" and kinds(wire.ready()) == "CZ"
    refused(wire.ready(), "EZ", b"E")
    assert kinds(wire.ready()) == "CZ"
    assert rows(wire.ready()) == [[b"30"]]


def reads():
    wire = Wire().login()
    assert "LIMIT" in refused(wire.ask("SELECT id FROM crowd"), "T" + "D" * 10 + "EZ", b"I")["H"]
    assert len(rows(wire.ask("SELECT id FROM crowd LIMIT 10"))) == 10
    started = time.monotonic()
    refused(wire.ask("SELECT generate_series(1, 2000000000)"), "T" + "D" * 10 + "EZ", b"I")
    assert time.monotonic() - started < 60, "the target went on"
    extended(wire, "SELECT id FROM crowd")
    wire.sync()
    refused(wire.ready(), "12T" + "D" * 10 + "EZ", b"I")
    wire.ask("BEGIN")
    wire.ask("DELETE FROM crowd WHERE id = 1")
    refused(wire.ask("SELECT id FROM crowd"), "T" + "D" * 10 + "EZ", b"E")
    wire.ask("ROLLBACK")
    assert count(wire) == 30
    # An earlier write of the same batch goes with it, as with any error.
    extended(wire, "DELETE FROM crowd WHERE id = 1", describe=False)
    extended(wire, "SELECT id FROM crowd", describe=False)
    wire.sync()
    refused(wire.ready(), "12C12" + "D" * 10 + "EZ", b"I")
    assert count(wire) == 30


def suspended():
    wire = Wire().login()
    wire.ask("BEGIN")
    extended(wire, "SELECT id FROM crowd ORDER BY id", portal="p", limit=4)
    wire.sync()
    assert kinds(wire.ready()) == "12TDDDDsZ"
    wire.execute("p", 4)
    wire.sync()
    assert kinds(wire.ready()) == "DDDDsZ"
    wire.execute("p", 4)
    wire.sync()
    refused(wire.ready(), "DDEZ", b"E")
    wire.ask("ROLLBACK")
    assert count(wire) == 30


def copy_out():
    wire = Wire().login()
    for options in ("", " (FORMAT csv, HEADER)", " (FORMAT binary)"):
        messages = wire.ask(f"COPY crowd TO STDOUT{options}")
        header = 1 if "HEADER" in options else 0
        refused(messages, "H" + "d" * (10 + header) + "EZ", b"I")
        messages = wire.ask(f"COPY (SELECT id FROM crowd LIMIT 10) TO STDOUT{options}")
        assert kinds(messages).startswith("Hdddddddddd") and kinds(messages).endswith("cCZ"), kinds(messages)
    assert count(wire) == 30


def cursors():
    """Each FETCH is a command of its own."""
    wire = Wire().login()
    wire.ask("BEGIN")
    wire.ask("DECLARE c CURSOR FOR SELECT id FROM crowd")
    assert len(rows(wire.ask("FETCH 10 FROM c"))) == 10
    assert len(rows(wire.ask("FETCH 10 FROM c"))) == 10
    wire.ask("MOVE ABSOLUTE 0 IN c")
    refused(wire.ask("FETCH 11 FROM c"), "T" + "D" * 10 + "EZ", b"E")
    wire.ask("ROLLBACK")
    assert count(wire) == 30


def by_name():
    """What was prepared with a limit keeps it."""
    wire = Wire().login()
    wire.ask(f"PREPARE all_of_them AS {ALL}")
    assert "E" in kinds(wire.ask("EXECUTE all_of_them")) and wire.status == b"I"
    assert "E" in kinds(wire.ask("EXPLAIN ANALYZE EXECUTE all_of_them"))
    wire.parse(ALL, "named")
    wire.sync()
    wire.ready()
    assert "E" in kinds(wire.ask("EXECUTE named"))
    assert count(wire) == 30


def uncountable():
    """What does not say how many rows it changes is refused beforehand."""
    wire = Wire().login()
    for sql in (f"WITH gone AS ({ALL} RETURNING id) SELECT count(*) FROM gone", f"EXPLAIN ANALYZE {ALL}",
                f"DO $$ BEGIN {ALL}; END $$", f"BEGIN; {ALL}; COMMIT"):
        assert error(wire.ask(sql))["C"] == "42501", sql
    assert count(wire) == 30


def timed_out():
    """The target's own error ends a limited command, and Sluice's transaction around it."""
    with psycopg.connect(autocommit=True) as holder, psycopg.connect(autocommit=True) as waiter:
        holder.execute("BEGIN")
        holder.execute("UPDATE crowd SET note = 'held' WHERE id = 1")
        waiter.execute("SET statement_timeout = '300ms'")
        try:
            waiter.execute("UPDATE crowd SET note = 'late' WHERE id = 1")
            raise AssertionError("the lock was not waited for")
        except errors.QueryCanceled:
            pass
        assert waiter.execute("SELECT 1").fetchone() == (1,)
        holder.execute("ROLLBACK")
    assert count(Wire().login()) == 30


def masked():
    """Limits with masks: what is delivered is masked."""
    wire = Wire().login()
    messages = wire.ask("SELECT email FROM customers ORDER BY id")
    refused(messages, "T" + "D" * 10 + "EZ", b"I")
    for sql in ("SELECT email FROM customers ORDER BY id LIMIT 10", "UPDATE customers SET active = true WHERE id <= 10 "
                "RETURNING email"):
        messages = wire.ask(sql)
        assert len(rows(messages)) == 10, messages
        assert b"person1@mail1.example.com" not in b"".join(value for row in rows(messages) for value in row)
    extended(wire, "UPDATE customers SET active = true WHERE id <= 11 RETURNING email")
    wire.sync()
    refused(wire.ready(), "12TEZ", b"I")
    messages = wire.ask("COPY customers (id, email) TO STDOUT")
    # The masker may cut copy data elsewhere.
    refused(messages, "H" + "d" * (len(messages) - 3) + "EZ", b"I")
    assert b"".join(payload for kind, payload in messages if kind == b"d").count(b"\n") == 10
    assert b"person1@mail1.example.com" not in b"".join(payload for _, payload in messages)
    messages = wire.ask("COPY (SELECT id FROM customers ORDER BY id LIMIT 3) TO STDOUT")
    assert b"".join(payload for kind, payload in messages if kind == b"d") == b"1\n2\n3\n", messages


def programs():
    """psycopg as programs use it: transactions, many executions in a pipeline."""
    with psycopg.connect() as connection:
        connection.execute("DELETE FROM crowd WHERE id = ANY(%s)", [[1, 2, 3]])
        connection.commit()
        try:
            connection.execute("UPDATE crowd SET note = %s", ["all"])
            raise AssertionError("let through")
        except errors.InsufficientPrivilege as refusal:
            assert "few rows" in str(refusal)
        connection.rollback()
        with connection.pipeline(), connection.cursor() as cursor:
            cursor.executemany("INSERT INTO crowd VALUES (%s, %s)", [(id, "new") for id in range(500, 530)])
        connection.commit()
        assert connection.execute("SELECT count(*) FROM crowd WHERE note = 'all'").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM crowd").fetchone() == (57,)


def held():
    """Held beyond the limit, in the extended protocol, with a parameter and rows to return."""
    with psycopg.connect(autocommit=True) as connection:
        connection.add_notice_handler(lambda notice: print("NOTICE", notice.message_primary, flush=True))
        gone = connection.execute("DELETE FROM crowd WHERE id > %s RETURNING id", [5]).fetchall()
        assert sorted(gone) == [(id,) for id in range(6, 31)], gone
        assert connection.execute("SELECT count(*) FROM crowd WHERE id < %s", [100]).fetchone() == (5,)


def held_in_transaction():
    """The same inside a transaction, between commands that are within the limit."""
    with psycopg.connect() as connection:
        connection.add_notice_handler(lambda notice: print("NOTICE", notice.message_primary, flush=True))
        for id in (1, 2):
            changed = connection.execute("UPDATE crowd SET note = 'seen' WHERE id = %s RETURNING id", [id])
            assert changed.fetchall() == [(id,)]
        with connection.transaction():
            gone = connection.execute("DELETE FROM crowd WHERE id > %s RETURNING id", [5]).fetchall()
            assert sorted(gone) == [(id,) for id in range(6, 31)], gone
        assert connection.execute("UPDATE crowd SET note = %s WHERE id = 3", ["seen"]).rowcount == 1
        connection.commit()
        assert connection.execute("SELECT count(*) FROM crowd WHERE note = %s", ["seen"]).fetchone() == (3,)
        # A statement's own error, behind the savepoint.
        try:
            connection.execute("UPDATE crowd SET id = 1 / (id - id) WHERE id = %s", [1])
            raise AssertionError("no error")
        except errors.DivisionByZero:
            connection.rollback()
        assert connection.execute("SELECT count(*) FROM crowd WHERE id < %s", [100]).fetchone() == (5,)


def not_held():
    """Beside others in a batch it is refused: undoing it would undo them."""
    wire = Wire().login()
    extended(wire, "DELETE FROM crowd WHERE id = 1", describe=False)
    extended(wire, ALL, describe=False)
    wire.sync()
    messages = wire.ready()
    assert kinds(messages) == "12C12EZ" and error(messages)["C"] == "42501", messages
    assert count(wire) == 30


def not_held_as_another():
    """What would run once more is what the Bind was judged as: a Parse behind it took the statement's place."""
    wire = Wire().login()
    for begin in ("SELECT 1", "BEGIN"):
        wire.ask(begin)
        wire.parse(ALL)
        wire.bind()
        wire.parse("SELECT id FROM crowd")
        wire.execute()
        wire.sync()
        messages = wire.ready()
        assert kinds(messages) == "121EZ" and error(messages)["C"] == "42501", messages
        wire.ask("ROLLBACK")
        assert count(wire) == 30


def prepared_in_sql():
    """What SQL EXECUTE runs was judged when it was prepared: judged again, only its own text would be."""
    wire = Wire().login()
    assert kinds(wire.ask(f"PREPARE most AS {ALL}")) == "CZ"
    assert kinds(wire.ask("PREPARE one AS DELETE FROM crowd WHERE id = 1")) == "CZ"
    assert kinds(wire.ask("BEGIN")) == "CZ" and kinds(wire.ask("EXECUTE one")) == "CZ"
    assert kinds(wire.ask("ROLLBACK")) == "CZ"
    for begin in ("SELECT 1", "BEGIN"):
        wire.ask(begin)
        assert error(wire.ask("EXECUTE most"))["C"] == "42501"
        wire.ask("ROLLBACK")
        assert count(wire) == 30


def own_names():
    """A client's names beside those of Sluice's savepoints, and a cancel that hits one of these."""
    wire = Wire().login()
    wire.ask("BEGIN")
    for _ in range(20):
        extended(wire, "UPDATE crowd SET note = 'x' WHERE id = 1", describe=False)
        wire.sync()
        assert kinds(wire.ready()) == "12CZ" and wire.status == b"T"
    (row,) = rows(wire.ask("SELECT count(*) FROM pg_prepared_statements WHERE name <> ''"))
    assert row[0] == b"0", row
    wire.ask("SAVEPOINT a")
    extended(wire, "UPDATE crowd SET id = 1 / (id - id) WHERE id = 1", describe=False)
    wire.sync()
    assert error(wire.ready())["C"] == "22012" and wire.status == b"E"
    assert kinds(wire.ask("ROLLBACK TO a")) == "CZ" and wire.status == b"T"
    assert kinds(wire.ask("COMMIT")) == "CZ"
    assert rows(wire.ask("SELECT note FROM crowd WHERE id = 1")) == [[b"x"]]


def parameters_estimated():
    with psycopg.connect(autocommit=True) as connection:
        for binary in (False, True):
            few = connection.execute("SELECT id FROM crowd WHERE id < %s", [3], binary=binary).fetchall()
            assert sorted(few) == [(1,), (2,)], few
            try:
                connection.execute("SELECT id FROM crowd WHERE id < %s", [29], binary=binary)
                raise AssertionError("let through")
            except errors.InsufficientPrivilege as refusal:
                assert "nothing large" in str(refusal), refusal
    wire = Wire().login()
    # It may be prepared, since its runs are judged by themselves, but not run by SQL EXECUTE.
    wire.parse("SELECT id FROM crowd", "large")
    wire.sync()
    assert kinds(wire.ready()) == "1Z"
    assert error(wire.ask("EXECUTE large"))["C"] == "42501"
    # The portal's estimate holds for all of its runs.
    wire.ask("BEGIN")
    extended(wire, "SELECT id FROM crowd WHERE id < 6", portal="p", limit=2)
    wire.sync()
    assert kinds(wire.ready()) == "12TDDsZ"
    wire.execute("p", 0)
    wire.sync()
    assert kinds(wire.ready()) == "DDDCZ"


def killed():
    """The target's process ends while a limited command is open: nothing of it stays."""
    wire = Wire().login()
    wire.query("COPY crowd (id) FROM STDIN")
    wire.until(b"G")
    wire.send(b"d", b"700\n")
    print("copying", flush=True)
    try:
        messages = wire.until(b"E", b"Z")
        assert fields(messages[-1][1])["C"] == "57P01", messages
        wire.until(b"Z")
        raise AssertionError("the session went on")
    except Closed:
        pass


if __name__ == "__main__":
    for name in sys.argv[1:]:
        globals()[name]()
        print("ok", name)
