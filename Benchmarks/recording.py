"""`make bench-recording`: what recorders write by themselves, by durability; how soon they acknowledge; how fast that is
verified. Prints Markdown tables.

Each rate is the median of several runs, one recorder and two in turn, and of a run the median of its quarters of a second: what
else the machine did for a while does not count.
"""

import dataclasses
import json
import multiprocessing
import os
import pathlib
import statistics
import sys
import tempfile
import time

from messages import SYNCED, WRITTEN, Batch, command, output
from recorder import PATIENCE, Folder, Recorders

SECONDS = float(os.environ.get("BENCH_RECORDING_SECONDS", "2"))
ROUNDS = int(os.environ.get("BENCH_RECORDING_ROUNDS", "3"))
WARM_SECONDS = 0.5
SLICE_SECONDS = 0.25
HEADER = ["durability", "records", "recorders", "MB/s", "× one", "records/s", "MB per second of processor time", "× one",
          "acknowledged p50 ms", "p99 ms"]
VERIFY_HEADER = ["verified", "records", "threads", "MB/s of records", "MB/s of files", "records/s"]
LEVELS = {  # durability, whether it is encrypted, whether the index for searches is kept
    "written": (WRITTEN, False, False),
    "synced": (SYNCED, False, False),
    "written, encrypted": (WRITTEN, True, False),
    "written, search index kept": (WRITTEN, False, True),
}
KINDS = {  # sessions of a batch, records of each, what they are, batches under way to one recorder
    "64 KiB of output": (1, 16, output, 8),
    "commands": (32, 2, command, 32),
}
ALONE = (1, 2, command, 1)


def say(words):
    print(words, file=sys.stderr, flush=True)


def percentile(values, percent):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


class Run:
    """What some recorders do while they get as much as they take."""

    def __init__(self, recorders, kind, durability, seconds):
        sessions, records, event, window = kind
        self.recorders = recorders
        self.idle = {
            one: [Batch(sessions, records, durability, event) for _ in range(window)] for one in recorders.running}
        self.size = self.records = 0
        self.latencies = []
        self.slice(WARM_SECONDS)
        self.latencies.clear()
        slices = [self.slice(SLICE_SECONDS) for _ in range(round(seconds / SLICE_SECONDS))]
        while any(one.under_way for one in recorders.running):
            self.receive()
        self.rate = statistics.median(size / elapsed for elapsed, _, size, _ in slices)
        self.count_rate = statistics.median(count / elapsed for elapsed, _, _, count in slices)
        self.core_rate = sum(one[2] for one in slices) / max(sum(one[1] for one in slices), 0.01)

    def slice(self, seconds):
        """Sends so long; seconds that passed and that the recorders' processors worked, bytes and records acknowledged."""
        start, used, size, count = time.monotonic(), self.recorders.processor_seconds(), self.size, self.records
        while time.monotonic() < start + seconds:
            for one, batches in self.idle.items():
                while batches:
                    one.send(batches.pop())
            self.receive()
        return (time.monotonic() - start, self.recorders.processor_seconds() - used, self.size - size,
                self.records - count)

    def receive(self):
        self.recorders.wait()
        for one, batches in self.idle.items():
            for batch, latency in one.receive():
                batches.append(batch)
                self.size += len(batch.body)
                self.records += batch.records
                self.latencies.append(latency * 1000)


def verified(recorders, run, names):
    """Rows about `sluice verify` of what they recorded, with the public key alone."""
    folder = recorders.folder
    recorders.stop()
    key = f"{folder.path}/recording.pub"
    with open(key, "wb") as file:
        file.write(folder.sluice("keys", "recording"))
    files = sum(path.stat().st_size for path in pathlib.Path(folder.recordings).rglob("*.slseg"))
    with tempfile.TemporaryDirectory(prefix="slb-", dir="/tmp") as elsewhere:
        for threads in dict.fromkeys([1, os.cpu_count()]):
            start = time.monotonic()
            done = json.loads(folder.run(
                os.environ["BENCH_BIN"] + "/sluice", "verify", folder.recordings, "--public-key", key, "--threads",
                str(threads), "--format", "json", "--config", f"{elsewhere}/none.yaml"))
            elapsed = time.monotonic() - start
            if not done["whole"] or done["records"] < run.records:
                raise SystemExit(f"not whole: {done}")
            yield [*names, str(threads), f"{run.size / elapsed / 1e6:,.0f}", f"{files / elapsed / 1e6:,.0f}",
                   f"{run.records / elapsed:,.0f}"]


@dataclasses.dataclass
class Figures:
    """Of one run, or of several: bytes and records a second, bytes per second of processor time, and milliseconds until each
    batch was acknowledged."""

    rate: float
    count_rate: float
    core_rate: float
    latencies: list

    @classmethod
    def of(cls, run):
        return cls(run.rate, run.count_rate, run.core_rate, run.latencies)

    @classmethod
    def median(cls, runs):
        return cls(
            *(statistics.median(getattr(run, name) for run in runs) for name in ("rate", "count_rate", "core_rate")),
            [latency for run in runs for latency in run.latencies])

    @classmethod
    def together(cls, runs):
        """Of recorders that each had a sender."""
        return cls(
            sum(run.rate for run in runs), sum(run.count_rate for run in runs),
            statistics.mean(run.core_rate for run in runs), [latency for run in runs for latency in run.latencies])

    def row(self, level, kind, recorders, first):
        ratios = ["", ""]
        if first is not self:
            ratios = [f"{self.rate / first.rate:.2f}", f"{self.core_rate / first.core_rate:.2f}"]
        return [
            level, kind, recorders, f"{self.rate / 1e6:,.0f}", ratios[0], f"{self.count_rate:,.0f}",
            f"{self.core_rate / 1e6:,.0f}", ratios[1], f"{percentile(self.latencies, 50):.2f}",
            f"{percentile(self.latencies, 99):.2f}"]


def compared(level, kind, title, run):
    """Rows about one recorder and two; `run(count, number)` has so many of them record, for the time of that number."""
    runs = {1: [], 2: []}
    for number in range(ROUNDS):
        for count, found in runs.items():
            say(f"{title.format(count)}, {level}, {kind}, {number + 1} of {ROUNDS}")
            found.append(run(count, number))
    medians = {count: Figures.median(found) for count, found in runs.items()}
    return [figures.row(level, kind, title.format(count), medians[1]) for count, figures in medians.items()]


def measured(level, kind):
    """Rows about one durability and one kind of records; and about verifying what was written."""
    durability, encrypted, indexed = LEVELS[level]
    verifying = []

    def run(count, number):
        with Recorders(range(count), encrypted, indexed) as recorders:
            found = Run(recorders, KINDS[kind], durability, SECONDS)
            if (count, number) == (1, 0) and durability == WRITTEN and not indexed:
                verifying.extend(verified(recorders, found, [level, kind]))
        return Figures.of(found)

    return compared(level, kind, "{}", run), verifying


def alone(name):
    """A row about commands that come one at a time: nothing waits but for its own acknowledgement."""
    durability, encrypted, indexed = LEVELS[name]
    say(f"one command at a time, {name}")
    with Recorders([0], encrypted, indexed) as recorders:
        run = Run(recorders, ALONE, durability, SECONDS)
    return [name, "one command at a time", "1", "", "", f"{run.count_rate:,.0f}", "", "",
            f"{percentile(run.latencies, 50):.3f}", f"{percentile(run.latencies, 99):.3f}"]


def pinned(kind):
    """Rows about recorders that have a processor each, together with who sends to them: what they have in common, locks and the
    disk, shows even where there are no more processors."""
    processes = multiprocessing.get_context("fork")
    level = "written"
    durability, encrypted, indexed = LEVELS[level]

    def run(count, _):
        folder, results, ready = Folder(encrypted, indexed), processes.Queue(), processes.Barrier(count, timeout=PATIENCE)

        def one(place):
            os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[place]})
            with Recorders([place], folder=folder) as recorders:
                ready.wait()
                results.put(Figures.of(Run(recorders, KINDS[kind], durability, SECONDS)))

        try:
            running = [processes.Process(target=one, args=(place,)) for place in range(count)]
            for process in running:
                process.start()
            found = [results.get(timeout=SECONDS + 2 * PATIENCE) for _ in running]
            for process in running:
                process.join()
        finally:
            folder.remove()
        return Figures.together(found)

    return compared(level, kind, "{}, each on a processor that its sender shares", run)


def disk():
    """What a synced write of 4 KiB takes, and of 64 MiB, where recordings are: what `synced` cannot be faster than."""
    with tempfile.TemporaryFile(dir=os.environ.get("BENCH_FOLDER", "/tmp")) as file:
        times = []
        for _ in range(50):
            start = time.monotonic()
            os.write(file.fileno(), os.urandom(4096))
            os.fdatasync(file.fileno())
            times.append((time.monotonic() - start) * 1000)
        block = os.urandom(64 << 20)
        start = time.monotonic()
        os.write(file.fileno(), block)
        os.fdatasync(file.fileno())
        rate = len(block) / (time.monotonic() - start) / 1e6
    return f"4 KiB written and synced in {statistics.median(times):.2f} ms, 64 MiB at {rate:,.0f} MB/s"


def machine():
    load = " ".join(open("/proc/loadavg").read().split()[:3])
    return f"{os.cpu_count()} processors, load {load}; the disk of recordings: {disk()}"


def table(header, rows):
    for row in [header, ["---"] * len(header)] + rows:
        print("| " + " | ".join(row) + " |")
    print(flush=True)


def recording():
    """Prints the tables."""
    print(f"Recorders alone, by a sender that uses a processor of its own; {machine()}\n")
    rows, verifying = [], []
    for name, (_, _, indexed) in LEVELS.items():
        for kind in KINDS:
            if indexed and kind != "commands":
                continue  # nothing of output is in the index of commands
            found = measured(name, kind)
            rows += found[0]
            verifying += found[1]
    for kind in KINDS if len(os.sched_getaffinity(0)) > 1 else ():
        rows += pinned(kind)
    rows += [alone(name) for name, (_, _, indexed) in LEVELS.items() if not indexed]
    table(HEADER, rows)
    table(VERIFY_HEADER, verifying)


if __name__ == "__main__":
    recording()
