"""Measures what is asked for in run.sh, and prints Markdown tables of it."""

import os
import statistics
import sys

import latency
import scaling
from measure import Bulk, Latencies, pgbench, memory_per_session
from recording import machine as described, recording, table
from servers import Machine

SECONDS = int(os.environ.get("BENCH_SECONDS", "8"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "1"))
ROWS = int(os.environ.get("BENCH_ROWS", "1000000"))
IDLE = int(os.environ.get("BENCH_IDLE", "500"))
TARGETS = os.environ.get("BENCH_TARGETS", "direct pgbouncer").split()
HEADER = ["what", "through", "result", "× pgbouncer", "× direct", "p50 ms", "p99 ms"]


def say(text):
    print(text, file=sys.stderr, flush=True)


def ratio(value, base):
    return f"{value / base:.2f}" if value and base else ""


def transactions(targets, mode, clients):
    """One row per target: transactions a second, and the latency of each."""
    rates = {name: [] for name in targets}
    latencies = {name: Latencies() for name in targets}
    for number in range(ROUNDS):
        # Every other round in the opposite order: what warms up or slows down does so for all.
        for name in list(targets) if number % 2 == 0 else reversed(list(targets)):
            if mode == "prepared" and name == "pgbouncer-tx":
                continue  # pgbouncer before 1.21 has no prepared statements with transaction pooling
            say(f"pgbench -S -M {mode} -c {clients} through {name}")
            rates[name].append(pgbench(targets[name], mode, clients, SECONDS, latencies[name]))
    medians = {name: statistics.median(found) for name, found in rates.items() if found}
    for name, rate in medians.items():
        yield [
            f"pgbench -S, {mode}, {clients} client{'s' if clients > 1 else ''}", name, f"{rate:,.0f}/s",
            ratio(rate, medians.get("pgbouncer")), ratio(rate, medians.get("direct")),
            f"{latencies[name].percentile(50):.3f}", f"{latencies[name].percentile(99):.3f}",
        ]


def bulk(targets, what, sql):
    rates = {}
    for name, endpoint in targets.items():
        say(f"{what} through {name}")
        runs = [Bulk(endpoint).read(sql) for _ in range(max(ROUNDS, 2))]
        rates[name] = max(runs)
    for name, rate in rates.items():
        yield [
            what, name, f"{rate / 1e6:,.0f} MB/s", ratio(rate, rates.get("pgbouncer")),
            ratio(rate, rates.get("direct")), "", "",
        ]


def main():
    machine = Machine(ROWS)
    try:
        targets = {name: machine.target(name) for name in TARGETS}
        rows = []
        for mode in ("simple", "prepared"):
            for clients in (1, 16):
                rows += transactions(targets, mode, clients)
        short = f"{ROWS:,} rows"
        rows += bulk(targets, f"SELECT, {short}", "SELECT * FROM bulk")
        rows += bulk(targets, f"COPY out, {short}", "COPY bulk TO STDOUT")
        for name, endpoint in targets.items():
            if endpoint.process:
                say(f"{IDLE} idle sessions through {name}")
                before, each = memory_per_session(endpoint, IDLE)
                rows.append([f"idle session, of {IDLE}", name, f"{each:.1f} KiB", "", "", "", ""])
                rows.append(["all processes, no session", name, f"{before / 1024:.1f} MiB", "", "", "", ""])
        print(f"{described()}\n")
        table(HEADER, rows)
        if "sluice" in targets:
            table(latency.HEADER, list(latency.added(targets["sluice"], say)))
            table(scaling.HEADER, list(scaling.added(targets["sluice"], say)))
    finally:
        machine.stop()
    if os.environ["BENCH_BIN"]:
        recording()


if __name__ == "__main__":
    main()
