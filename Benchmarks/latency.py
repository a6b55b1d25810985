"""What recording before running (invariant I2) adds to a command, as Ingress counts it: from when a command is judged until its
record is acknowledged. It is recorded while it is judged, so of one that is judged longer than that nothing is added."""

import os

from measure import Latencies, pgbench
from metrics import Histogram, scrape
from servers import SYNCED

SECONDS = int(os.environ.get("BENCH_LATENCY_SECONDS", "5"))
RATE = int(os.environ.get("BENCH_LATENCY_RATE", "1000"))  # transactions a second: moderate load
HEADER = ["what recording before running adds", "durability", "commands", "waited at all", "added p50 ms", "p99 ms",
          "read until sent to the target p50 ms", "p99 ms"]


def histograms(endpoint):
    samples = scrape(endpoint.folder, "ingress.0")
    return Histogram(samples, "sluice_audit_wait_seconds"), Histogram(samples, "sluice_handling_seconds")


def added(endpoint, say):
    """Rows about Sluice at this endpoint."""
    for mode in ("simple", "prepared"):
        for clients, rate in ((1, None), (8, RATE)):
            for durability, database in (("written", "bench"), ("synced", SYNCED)):
                what = f"pgbench -S, {mode}, {clients} client" + (f"s, {rate}/s" if rate else "")
                say(f"what recording adds, {durability}: {what}")
                before = histograms(endpoint)
                pgbench(endpoint.on(database), mode, clients, SECONDS, Latencies(), rate)
                waited, handled = (now.since(then) for now, then in zip(histograms(endpoint), before))
                share = waited.count / handled.count
                waited.with_zeros(max(0, handled.count - waited.count))
                yield [
                    what, durability, f"{handled.count:,.0f}", f"{share:.0%}", f"{waited.percentile(50):.3f}",
                    f"{waited.percentile(99):.3f}", f"{handled.percentile(50):.3f}", f"{handled.percentile(99):.3f}"]
