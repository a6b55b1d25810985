"""The measurements: pgbench's rate and latencies, bytes a second of one big answer, memory of idle sessions."""

import glob
import pathlib
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "Tests/IntegrationTests/Clients"))
from wire import Wire  # noqa: E402

READY = b"Z\0\0\0\x05I"  # ReadyForQuery, idle: the end of every answer
BUFFER = 1 << 20
SETTLE = 5  # seconds within which memory has come to rest


class Latencies:
    """Latencies of single transactions, in microseconds."""

    def __init__(self):
        self.values = []

    def percentile(self, number):
        """In milliseconds."""
        ordered = sorted(self.values)
        return ordered[min(len(ordered) - 1, len(ordered) * number // 100)] / 1000

    def read(self, pattern):
        for path in glob.glob(pattern):
            with open(path) as file:
                self.values += [int(line.split(" ", 3)[2]) for line in file]


def pgbench(endpoint, mode, clients, seconds, latencies, rate=None):
    """Transactions a second of the built-in select-only script; `rate`: no more than so many."""
    limit = ["-R", str(rate)] if rate else []
    with tempfile.TemporaryDirectory(prefix="slb-", dir="/tmp") as folder:
        done = subprocess.run(
            ["pgbench", "-n", "-S", "-M", mode, "-c", str(clients), "-j", str(min(clients, 2)), "-T", str(seconds),
             "--log", f"--log-prefix={folder}/log", *limit],
            env=endpoint.environment(), capture_output=True, text=True)
        if done.returncode or "failed transactions: 0" not in done.stdout:
            raise SystemExit(done.stdout + done.stderr)
        latencies.read(f"{folder}/log*")
    return float(re.search(r"tps = ([0-9.]+)", done.stdout).group(1))


class Bulk:
    """Reads one big answer as fast as it comes, without looking into it."""

    def __init__(self, endpoint):
        self.wire = connect(endpoint)
        self.wire.socket.settimeout(120)
        self.total = 0

    def read(self, sql):
        """Bytes a second."""
        rate = self.pass_over(sql)
        self.wire.close()
        return rate

    def pass_over(self, sql):
        """The same; the connection stays."""
        buffer = bytearray(BUFFER)
        total, end = 0, b""
        start = time.perf_counter()
        self.wire.query(sql)
        while end != READY:
            count = self.wire.socket.recv_into(buffer)
            if count == 0:
                raise SystemExit(f"closed after {total} bytes")
            total += count
            end = (end + bytes(buffer[max(0, count - 6):count]))[-6:]
        elapsed = time.perf_counter() - start
        self.total += total
        if total < BUFFER:
            raise SystemExit(f"only {total} bytes came: {bytes(buffer[:300])}")
        return total / elapsed


def connect(endpoint):
    wire = Wire("127.0.0.1", endpoint.port)
    wire.startup(user=endpoint.user, database=endpoint.database)
    wire.authenticate(endpoint.password)
    return wire


def memory_per_session(endpoint, count):
    """Memory of all its processes: KiB without a session, and KiB that each idle session adds."""
    warm = [connect(endpoint) for _ in range(8)]
    for wire in warm:
        wire.close()
    before = settled(endpoint.process)
    sessions = [connect(endpoint) for _ in range(count)]
    for wire in sessions:
        wire.ask("SELECT 1")
    after = settled(endpoint.process)
    for wire in sessions:
        wire.close()
    return before, (after - before) / count


def settled(root):
    """The lowest memory seen within a while."""
    lowest, end = None, time.monotonic() + SETTLE
    while time.monotonic() < end:
        now = proportional_size(root)
        lowest = now if lowest is None else min(lowest, now)
        time.sleep(0.5)
    return lowest


def descendants(root):
    """A process and all below it."""
    children = {}
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            text = open(path).read()
        except OSError:
            continue
        pid = int(text.split(" ", 1)[0])
        children.setdefault(int(text.rsplit(")", 1)[1].split()[1]), []).append(pid)
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        waiting += children.get(pid, [])
        yield pid


def proportional_size(root):
    """Proportional set size (proc(5), smaps_rollup) of a process and all below it, in KiB."""
    total = 0
    for pid in descendants(root):
        try:
            rollup = open(f"/proc/{pid}/smaps_rollup").read()
        except OSError:
            continue
        total += int(re.search(r"^Pss:\s+(\d+)", rollup, re.MULTILINE).group(1))
    return total
