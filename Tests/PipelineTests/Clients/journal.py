"""What the chaos clients did and what they got, one JSON object a line, for the test to compare with the target's log
and the recordings."""

import itertools
import json
import re
import threading

import psycopg

# Personal data of the sample database as it stands there: none may arrive anywhere.
CANARY = re.compile(r"example\.com|\b\d{3}-\d{2}-\d{4}\b|\b4\d{15}\b")

# What libpq says at login, where it shows no SQLSTATE.
LOGIN = [
    ("cannot govern it now", "57P03"),
    ("cannot be used", "08001"),
    ("cannot be reached", "08001"),
    ("login took longer", "08006"),
    ("shutting down", "57P01"),
    ("shuts down", "57P01"),
    ("too many connections", "53300"),
    ("authentication failed", "28P01"),
    ("server closed the connection", "lost"),
    ("Connection refused", "lost"),
    ("Connection reset", "lost"),
    ("could not receive data from server", "lost"),
    ("consuming input failed", "lost"),
    ("could not send data to server", "lost"),
    # psycopg, of a FATAL error and the end of the connection behind it.
    ("COPY cannot be mixed", "lost"),
]


class Journal:
    def __init__(self, path):
        self.lock = threading.Lock()
        self.file = open(path, "w", encoding="utf-8")
        self.numbers = itertools.count(1)
        self.done = 0

    def mark(self, kind):
        """A name that no other statement has; at most 22 characters, as pgbench_history.filler."""
        return f"{kind}-{next(self.numbers):08}"

    def write(self, **entry):
        with self.lock:
            self.done += 1
            self.file.write(json.dumps(entry, default=str) + "\n")
            self.file.flush()

    def statement(self, kind, text, extended, error=None):
        """One statement as it was sent: done, refused by Sluice or the target, or unknown."""
        if error is None:
            self.write(what="statement", kind=kind, text=text, extended=extended, outcome="ok")
            return
        code, never = classify(error)
        self.write(
            what="statement", kind=kind, text=text, extended=extended, outcome="error", code=code, never=never,
            message=str(error)[:300])

    def wrong(self, kind, text):
        self.write(what="wrong", kind=kind, text=text[:500])


def classify(error):
    """(SQLSTATE, or "lost" for a broken connection; whether Sluice said that the command did not run)."""
    if error.sqlstate is not None:
        said = f"{error.diag.message_hint} {error.diag.message_detail}"
        return error.sqlstate, error.sqlstate == "42501" or "did not run" in said
    text = str(error)
    if isinstance(error, psycopg.errors.PipelineAborted):
        return "aborted", True
    for words, code in LOGIN:
        if words in text:
            return code, False
    if isinstance(error, psycopg.OperationalError) and "connection" in text and "closed" in text:
        return "lost", False
    return "unknown", False


def canaries(rows):
    """Values among the rows that should have been masked."""
    return [str(value) for row in rows for value in row if isinstance(value, (str, bytes)) and CANARY.search(str(value))]
