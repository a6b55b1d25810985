"""What masking costs: a million rows with ten detectors on every text column, directly, through Sluice, and masked.

Ends with 1 when Masker's memory grows while MEMORY_BYTES pass.
"""

import os
import sys
import threading

from measure import Bulk, descendants
from servers import POLICY, Machine

ROWS = int(os.environ.get("BENCH_ROWS", "1000000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
DETECTORS = """\
  - name: ten detectors on every text column
    who: {groups: [bench]}
    mask:
      - detect: [email, phone, credit_card, iban, us_ssn, ip_address, jwt, private_key, aws_access_key, secret]
        style: redact
"""
QUERIES = {"SELECT": "SELECT * FROM bulk", "COPY out": "COPY bulk TO STDOUT"}
HEADER = ["what", "through", "MB/s", "of direct", "MB per second of Masker's processor time", "of all of Sluice's"]

MEMORY_BYTES = 1 << 30
WARM_BYTES = 192 << 20  # after which Masker has all that it keeps
GROWTH = 16 << 10  # KiB that its memory may differ by from then on
SAMPLE_SECONDS = 0.05


def name(pid):
    try:
        return open(f"/proc/{pid}/comm").read().strip()
    except OSError:
        return ""


def masker(endpoint):
    return next(pid for pid in descendants(endpoint.process) if name(pid) == "sluice-masker")


def processor_seconds(pids):
    """What all threads of these processes have used (proc(5), stat)."""
    ticks = 0
    for pid in pids:
        fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def resident(pid):
    """KiB (proc(5), status)."""
    return next(int(line.split()[1]) for line in open(f"/proc/{pid}/status") if line.startswith("VmRSS"))


def bulk(targets, what, sql):
    direct = None
    for target, endpoint in targets.items():
        print(f"{what} through {target}", file=sys.stderr)
        every = list(descendants(endpoint.process)) if endpoint.process else []
        own = [pid for pid in every if name(pid) == "sluice-masker"]
        before, before_own = processor_seconds(every), processor_seconds(own)
        runs = [Bulk(endpoint) for _ in range(ROUNDS)]
        rate = max(run.read(sql) for run in runs)
        total = sum(run.total for run in runs)
        direct = direct or rate
        used, used_own = processor_seconds(every) - before, processor_seconds(own) - before_own
        is_masked = target == "sluice, masked"
        yield [
            f"{what}, {ROWS:,} rows", target, f"{rate / 1e6:,.0f}", f"{rate / direct:.2f}",
            f"{total / used_own / 1e6:,.0f}" if is_masked else "", f"{total / used / 1e6:,.0f}" if every else "",
        ]


def memory(endpoint):
    """Samples of Masker's memory in KiB while rows pass, once it is warm."""
    pid = masker(endpoint)
    run = Bulk(endpoint)
    while run.total < WARM_BYTES:
        run.pass_over(QUERIES["SELECT"])
    samples, stop = [resident(pid)], threading.Event()

    def sample():
        while not stop.wait(SAMPLE_SECONDS):
            samples.append(resident(pid))

    watch = threading.Thread(target=sample)
    watch.start()
    end = run.total + MEMORY_BYTES
    while run.total < end:
        run.pass_over(QUERIES["SELECT"])
    stop.set()
    watch.join()
    run.wire.close()
    return samples


def main():
    machine = Machine(ROWS)
    try:
        targets = {
            "directly": machine.direct, "sluice": machine.sluice("sluice", POLICY),
            "sluice, masked": machine.sluice("sluice-detect", POLICY + DETECTORS),
        }
        rows = [row for what, sql in QUERIES.items() for row in bulk(targets, what, sql)]
        samples = memory(targets["sluice, masked"])
    finally:
        machine.stop()
    for row in [HEADER, ["---"] * len(HEADER)] + rows:
        print("| " + " | ".join(row) + " |")
    growth = max(samples) - samples[0]
    print(f"\nMasker's resident memory while {MEMORY_BYTES >> 20} MiB pass: {samples[0] / 1024:.1f} MiB at first, "
          f"{max(samples) / 1024:.1f} MiB at most, of {len(samples)} samples")
    if growth > GROWTH:
        raise SystemExit(f"that is {growth / 1024:.1f} MiB more: at most {GROWTH / 1024:.0f} MiB may be")


if __name__ == "__main__":
    main()
