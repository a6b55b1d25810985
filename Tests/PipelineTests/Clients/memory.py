"""Connections that cost memory, and nothing else, for as long as standard input is open.

memory.py idle COUNT   opens COUNT sessions and asks each one thing
memory.py unread SQL   sends SQL and reads nothing; at the end reads the answer and prints its rows
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "IntegrationTests/Clients"))
from wire import Wire, kinds  # noqa: E402


def idle(count):
    sessions = [Wire().login() for _ in range(count)]
    for wire in sessions:
        assert kinds(wire.ask("SELECT 1")) == "TDCZ"
    say("open")
    sys.stdin.read()
    for wire in sessions:
        assert kinds(wire.ask("SELECT 1")) == "TDCZ"
        wire.close()
    say("done")


def unread(sql):
    wire = Wire().login()
    wire.query(sql)
    say("asked")
    sys.stdin.read()
    say(f"rows {sum(kind == b'D' for kind, _ in wire.ready())}")


def say(text):
    print(text, flush=True)


{"idle": lambda: idle(int(sys.argv[2])), "unread": lambda: unread(sys.argv[2])}[sys.argv[1]]()
