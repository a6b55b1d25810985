"""Every kind of client at once, going on after errors, until standard input closes.

Arguments: the journal's path, a seed. Environment: libpq's for an identity that may do anything but what is forbidden,
CHAOS_AGENT and CHAOS_SECRET for one whose TRUNCATE is held. Each statement has a mark of its own, every value
that arrives is checked, and all of it goes to the journal (journal.py). What never comes back within PATIENCE is
journalled as hung.
"""

import contextlib
import logging
import os
import random
import socket
import struct
import sys
import threading
import time

import psycopg

from journal import Journal, canaries, classify

SEED = int(sys.argv[2])
PATIENCE = 90  # seconds: beyond every documented wait
ACCOUNTS = 400_000
CUSTOMERS = 1000
COPY_ROWS = 400
BIG_ROWS = 5_000
FORBIDDEN = [
    "DROP TABLE customers",
    "DELETE FROM customers",
    "UPDATE customers SET name = 'x'",
    "COPY customers TO PROGRAM 'cat'",
    "COPY customers TO '/tmp/sluice-chaos-leak'",
    "SELECT 1; DROP TABLE orders",
    "WITH gone AS (DELETE FROM orders RETURNING *) SELECT count(*) FROM gone",
    "DO $$ BEGIN EXECUTE 'DROP TABLE customers'; END $$",
]
READ = "SELECT id, name, email, ssn, card, notes FROM customers WHERE id = %s"
READ_ALL = "COPY (SELECT id, email, ssn, notes FROM customers ORDER BY id) TO STDOUT"

# What libpq has to say when a test breaks a connection under it is no finding.
logging.getLogger("psycopg").setLevel(logging.CRITICAL)
stop = threading.Event()
journal = Journal(sys.argv[1])


class Interrupted(Exception):
    """The worker broke its own connection, as a killed client does."""


class Worker:
    """One client: a connection that is made anew when it breaks, and a round that is run again and again."""

    kind = ""
    pause = (0.005, 0.03)
    user = None

    def __init__(self, number):
        self.random = random.Random(f"{SEED} {self.kind} {number}")
        self.number = number
        self.connection = None
        self.since = None

    def connect(self):
        options = {"autocommit": True, "connect_timeout": 60}
        if self.user is not None:
            options.update(user=self.user, password=os.environ["CHAOS_SECRET"])
        try:
            self.connection = psycopg.connect(**options)
        except psycopg.Error as error:
            journal.statement(self.kind, "", False, error)
            raise

    def mark(self):
        return journal.mark(self.kind)

    def run(self, sql, parameters=None, mark=None, **options):
        """Sends one statement under a mark; its rows, or an exception, and a line in the journal either way."""
        text = f"{sql} /* {mark or self.mark()} */"
        extended = parameters is not None
        sent = numbered(text) if extended else text
        try:
            cursor = self.connection.execute(text, parameters, **options)
            rows = cursor.fetchall() if cursor.description else []
        except psycopg.Error as error:
            journal.statement(self.kind, sent, extended, error)
            raise
        journal.statement(self.kind, sent, extended)
        for value in canaries(rows):
            journal.wrong(self.kind, f"unmasked: {value}")
        return rows

    def expect(self, found, wanted):
        if found != wanted:
            journal.wrong(self.kind, f"got {found}, not {wanted}")

    def break_connection(self):
        """Ends the connection as the kernel does for a killed client with unread data: by a reset."""
        broken = socket.socket(fileno=os.dup(self.connection.fileno()))
        broken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        broken.close()
        self.connection.close()

    def recover(self):
        """Out of a failed transaction; a connection that cannot be brought back is given up."""
        if self.connection is None or self.connection.closed:
            return
        if self.connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
            return
        try:
            self.run("ROLLBACK")
        except psycopg.Error:
            stop.wait(0.05)

    def loop(self):
        while not stop.is_set():
            self.since = time.monotonic()
            try:
                if self.connection is None or self.connection.closed:
                    self.connect()
                if self.connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
                    self.round()
                else:
                    self.recover()
            except psycopg.Error:
                self.recover()
                stop.wait(0.02)
            except Interrupted:
                pass
            self.since = None
            stop.wait(self.random.uniform(*self.pause))
        if self.connection is not None:
            self.connection.close()


def numbered(text):
    """psycopg's %s as what it sends."""
    parts = text.split("%s")
    return "".join(part + (f"${index + 1}" if index + 1 < len(parts) else "") for index, part in enumerate(parts))


class Books(Worker):
    """pgbench's transaction; the mark goes into the history, so that each one is found there, or not."""

    kind = "books"

    def round(self):
        mark, delta = self.mark(), self.random.randint(-500, 500)
        account, teller, branch = self.random.randint(1, ACCOUNTS), self.number + 31, self.number % 4 + 1
        binary = self.random.random() < 0.5
        try:
            self.run("BEGIN")
            self.run("UPDATE pgbench_accounts SET abalance = abalance + %s WHERE aid = %s", [delta, account])
            found = self.run(
                "SELECT aid, %s::int FROM pgbench_accounts WHERE aid = %s", [delta, account], binary=binary)
            self.expect(found, [(account, delta)])
            self.run("UPDATE pgbench_tellers SET tbalance = tbalance + %s WHERE tid = %s", [delta, teller])
            self.run("UPDATE pgbench_branches SET bbalance = bbalance + %s WHERE bid = %s", [delta, branch])
            self.run(
                "INSERT INTO pgbench_history (tid, bid, aid, delta, mtime, filler) "
                "VALUES (%s, %s, %s, %s, now(), %s)", [teller, branch, account, delta, mark])
        except psycopg.Error:
            journal.write(what="transaction", mark=mark, result="not")
            raise
        try:
            self.run("COMMIT")
        except psycopg.Error as error:
            never = "did not run" in str(error.diag.message_hint)
            journal.write(what="transaction", mark=mark, result="not" if never else "unknown")
            raise
        journal.write(what="transaction", mark=mark, result="committed")


class Reads(Worker):
    """Masked reads, the same text again and again: prepared, simple and binary, and whole by COPY."""

    kind = "reads"

    def round(self):
        customer = self.random.randint(1, CUSTOMERS)
        form = self.random.randrange(4)
        if form == 0:
            self.check(customer, self.read(READ, customer, prepare=True))
        elif form == 1:
            self.check(customer, self.read(READ, customer, binary=True))
        elif form == 2:
            with psycopg.ClientCursor(self.connection) as cursor:
                try:
                    row = cursor.execute(READ, [customer]).fetchone()
                except psycopg.Error as error:
                    journal.statement(self.kind, READ.replace("%s", str(customer)), False, error)
                    raise
            journal.statement(self.kind, READ.replace("%s", str(customer)), False)
            self.check(customer, row)
        else:
            self.copy_out()

    def read(self, text, customer, **options):
        try:
            row = self.connection.execute(text, [customer], **options).fetchone()
        except psycopg.Error as error:
            journal.statement(self.kind, numbered(text), True, error)
            raise
        journal.statement(self.kind, numbered(text), True)
        return row

    def copy_out(self):
        text = f"{READ_ALL} /* {self.mark()} */"
        rows = []
        try:
            with self.connection.cursor() as cursor, cursor.copy(text) as copy:
                for row in copy.rows():
                    rows.append(row)
        except psycopg.Error as error:
            journal.statement(self.kind, text, False, error)
            raise
        finally:
            for value in canaries(rows):
                journal.wrong(self.kind, f"unmasked in COPY: {value}")
        journal.statement(self.kind, text, False)
        self.expect(len(rows), CUSTOMERS)
        for number, row in enumerate(rows, 1):
            notes = masked_notes(number)
            if (row[0], row[1], row[2], row[3]) != (str(number), "[redacted]", "[redacted:us_ssn]", notes):
                journal.wrong(self.kind, f"COPY row {number}: {row}")
        journal.write(what="checked", values=len(rows) * 4)

    def check(self, customer, row):
        wanted = (
            customer, f"Customer {customer}", "[redacted]", "[redacted:us_ssn]", "[redacted:credit_card]",
            masked_notes(customer))
        self.expect(row, wanted)
        journal.write(what="checked", values=len(wanted))


def masked_notes(number):
    if number % 10 == 0:
        return "call back about [redacted:us_ssn], paid with [redacted:credit_card]"
    return "prefers mail"


class Pipelines(Worker):
    """Many statements on their way at once; each answer belongs to its question."""

    kind = "pipe"
    pause = (0.02, 0.2)

    def round(self):
        size = self.random.choice([10, 10, 200])
        texts = [f"SELECT {number} AS n, %s::text AS m /* {self.mark()} */" for number in range(size)]
        cursors = []
        try:
            with self.connection.pipeline():
                for number, text in enumerate(texts):
                    cursors.append(self.connection.execute(text, [f"m{number}"], prepare=False))
        except psycopg.Error:
            if self.connection.pgconn.pipeline_status != psycopg.pq.PipelineStatus.OFF:
                # libpq does not leave the mode of a connection that broke in it.
                self.connection.close()
        for number, text in enumerate(texts[: len(cursors)]):
            try:
                self.expect(cursors[number].fetchone(), (number, f"m{number}"))
            except psycopg.Error:
                # What a pipeline's member got is told by its first error alone; whether this one ran is not known.
                continue
            journal.statement(self.kind, numbered(text), True)


class Copies(Worker):
    """COPY FROM STDIN: all rows or none; now and then the client dies in the middle."""

    kind = "copy"
    pause = (0.05, 0.2)

    def round(self):
        mark = self.mark()
        text = f"COPY chaos_copy (mark, n) FROM STDIN /* {mark} */"
        dies = self.random.random() < 0.25
        result = "not"
        try:
            with self.connection.cursor() as cursor, cursor.copy(text) as copy:
                for number in range(COPY_ROWS):
                    copy.write_row((mark, number))
                    if dies and number == COPY_ROWS // 2:
                        self.break_connection()
                        raise Interrupted
                result = "unknown"
            result = "committed"
        except psycopg.Error as error:
            journal.statement(self.kind, text, False, error)
            if "did not run" in str(error.diag.message_hint):
                result = "not"
            raise
        finally:
            journal.write(what="copy", mark=mark, rows=COPY_ROWS, result=result)
        journal.statement(self.kind, text, False)


class Forbidden(Worker):
    """What the policy refuses, by every way in: alone, prepared, within a transaction."""

    kind = "forbid"
    pause = (0.02, 0.1)

    def round(self):
        sql = self.random.choice(FORBIDDEN)
        form = self.random.randrange(3)
        if form == 2:
            self.run("BEGIN")
        self.run(sql, [] if form == 1 and ";" not in sql else None)
        journal.wrong(self.kind, f"was not refused: {sql}")


class Held(Worker):
    """A command that waits for a reviewer, who approves or denies what its comment asks for; or it is cancelled."""

    kind = "held"
    user = os.environ.get("CHAOS_AGENT")
    pause = (0.1, 0.3)

    def round(self):
        wish = self.random.choice(["approve", "approve", "deny", "cancel"])
        held = threading.Event()

        def noticed(diagnostic):
            if "held for approval" in (diagnostic.message_primary or ""):
                held.set()

        self.connection.add_notice_handler(noticed)
        try:
            with cancelling(self.connection, held if wish == "cancel" else None):
                self.run("TRUNCATE chaos_scratch", mark=f"{wish} {self.mark()}")
        finally:
            if not self.connection.closed:
                self.connection.remove_notice_handler(noticed)


class Cancels(Worker):
    """Long statements, cancelled again and again until they end."""

    kind = "cancel"
    pause = (0.1, 0.3)

    def round(self):
        begun = threading.Event()
        timer = threading.Timer(self.random.uniform(0.01, 0.4), begun.set)
        timer.start()
        try:
            with cancelling(self.connection, begun):
                self.run("SELECT pg_sleep(20)")
        finally:
            timer.cancel()


@contextlib.contextmanager
def cancelling(connection, begun):
    """Once `begun` is set, asks for a cancel twice a second until the block ends: a request may be lost on its way."""
    done = threading.Event()

    def ask():
        while not begun.wait(0.05):
            if done.is_set():
                return
        while not done.is_set():
            try:
                connection.cancel_safe(timeout=15)
            except psycopg.Error as error:
                journal.write(what="cancel", code=classify(error)[0])
            done.wait(0.5)

    thread = threading.Thread(target=ask if begun is not None else lambda: None, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


class Newcomers(Worker):
    """A new connection for every statement."""

    kind = "new"
    pause = (0.02, 0.1)

    def round(self):
        number = self.random.randint(1, 1_000_000)
        self.expect(self.run(f"SELECT {number}"), [(number,)])
        self.connection.close()


class Slow(Worker):
    """Asks for a big result and takes its time, or leaves in the middle."""

    kind = "slow"
    pause = (0.2, 0.5)

    def round(self):
        text = f"SELECT n, repeat('x', 2000) FROM generate_series(1, {BIG_ROWS}) n /* {self.mark()} */"
        leaves = self.random.random() < 0.25
        rest = self.random.uniform(0.5, 3)
        seen = 0
        try:
            with self.connection.cursor() as cursor:
                for row in cursor.stream(text):
                    seen += 1
                    if row[0] != seen or len(row[1]) != 2000:
                        journal.wrong(self.kind, f"row {seen}: {row[0]}, {len(row[1])} bytes")
                    if seen == BIG_ROWS // 3:
                        stop.wait(rest)
                        if leaves:
                            self.break_connection()
                            raise Interrupted
        except psycopg.Error as error:
            journal.statement(self.kind, text, True, error)
            raise
        journal.statement(self.kind, text, True)
        self.expect(seen, BIG_ROWS)


def main():
    workers = [Books(0), Books(1), Reads(0), Reads(1), Pipelines(0), Copies(0), Forbidden(0), Cancels(0), Newcomers(0)]
    workers += [Slow(0), Held(0)]
    threads = [threading.Thread(target=worker.loop, daemon=True) for worker in workers]
    for thread in threads:
        thread.start()
    print("running", flush=True)
    for line in sys.stdin:
        print(f"done {journal.done}", flush=True)
    stop.set()
    end = time.monotonic() + PATIENCE
    for thread, worker in zip(threads, workers):
        thread.join(max(0, end - time.monotonic()))
        if thread.is_alive():
            journal.write(what="hung", kind=worker.kind)
    # A thread that hangs does not keep the process.
    journal.file.close()
    os._exit(0)


main()
