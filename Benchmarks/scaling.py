"""How soon a recorder that is added takes load: from `sluice scale recorder 2` until it has acknowledged records of sessions that
clients open meanwhile. Sessions that are open stay with their recorder."""

import os
import statistics
import subprocess
import threading
import time

from metrics import scrape, value

ROUNDS = int(os.environ.get("BENCH_SCALING_ROUNDS", "5"))
PATIENCE = 20
POLL_SECONDS = 0.005
HEADER = ["a recorder is added under load", "median s", "longest s", "goal s"]


class Openers:
    """pgbench with a new connection for each transaction, and one whose connections stay, until the end of a `with`."""

    def __init__(self, endpoint):
        self.processes = [
            subprocess.Popen(
                ["pgbench", "-n", "-S", "-c", "4", "-T", "600", *more], env=endpoint.environment(),
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for more in (["-C"], ["-M", "prepared", "-R", "500"])]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.terminate()
            process.wait()


def scale(endpoint, count):
    return subprocess.Popen(
        [os.environ["BENCH_BIN"] + "/sluice", "scale", "recorder", str(count), "--config",
         f"{endpoint.folder}/sluice.yaml"], stdout=subprocess.DEVNULL)


def records(endpoint, replica):
    return value(scrape(endpoint.folder, f"recorder.{replica}"), "sluice_recorder_records_total")


def once(endpoint):
    """Seconds until the new recorder is there, until it has acknowledged records, and until the command answers."""
    start = time.monotonic()
    command = scale(endpoint, 2)
    answered = []
    waiting = threading.Thread(target=lambda: answered.append((command.wait(), time.monotonic() - start)))
    waiting.start()
    there = acknowledged = None
    while acknowledged is None:
        count = records(endpoint, 1)
        now = time.monotonic() - start
        if count is not None and there is None:
            there = now
        if count:
            acknowledged = now
        if now > PATIENCE:
            raise SystemExit("the added recorder took no load")
        time.sleep(POLL_SECONDS)
    waiting.join()
    if answered[0][0] or scale(endpoint, 1).wait():
        raise SystemExit("cannot scale")
    return there, acknowledged, answered[0][1]


def added(endpoint, say):
    """Rows about Sluice at this endpoint."""
    with Openers(endpoint):
        rounds = []
        for number in range(ROUNDS):
            say(f"a recorder is added, {number + 1} of {ROUNDS}")
            rounds.append(once(endpoint))
    for what, goal, values in zip(
            ("until its process answers", "until it acknowledged records of new sessions", "until `sluice scale` answers"),
            ("", "1", ""), zip(*rounds)):
        yield [what, f"{statistics.median(values):.2f}", f"{max(values):.2f}", goal]
