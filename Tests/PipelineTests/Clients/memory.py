"""Connections that cost memory, and nothing else, for as long as standard input is open.

memory.py idle COUNT   opens COUNT sessions and asks each one thing
memory.py unread COUNT SQL   COUNT sessions log in, at the first line send SQL and read nothing; at the end each reads its
                         answer and prints its rows
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


def unread(count, sql):
    sessions = [Wire().login() for _ in range(count)]
    say("in")
    sys.stdin.readline()
    for wire in sessions:
        wire.query(sql)
    say("asked")
    sys.stdin.read()
    for wire in sessions:
        say(f"rows {sum(kind == b'D' for kind, _ in wire.ready())}")
        wire.close()


def say(text):
    print(text, flush=True)


{"idle": lambda: idle(int(sys.argv[2])), "unread": lambda: unread(int(sys.argv[2]), sys.argv[3])}[sys.argv[1]]()
