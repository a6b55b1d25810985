"""Counts the heap allocations that one command costs in each process, and fails when they exceed thresholds.json.

Counts, not times: they are the same on every machine, but for the little that goes on by the clock.
Run by `make bench-allocations`; BENCH_BIN names the folder with the programs.
"""

import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

from servers import Machine

HERE = pathlib.Path(__file__).parent
WARM_UP = 1000  # commands before counting
COMMANDS = 5000


def build(folder):
    library = f"{folder}/malloc-count.so"
    subprocess.run(["cc", "-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library, HERE / "malloc-count.c"], check=True)
    return library


def counts(folder):
    """Allocations so far, by program."""
    found = {}
    for file in pathlib.Path(folder).iterdir():
        try:
            program = pathlib.Path(os.readlink(f"/proc/{file.name}/exe")).name
        except OSError:
            continue  # it has ended, or is the library
        found[program] = found.get(program, 0) + struct.unpack("=Q", file.read_bytes())[0]
    return found


def run(endpoint, mode, commands):
    done = subprocess.run(
        ["pgbench", "-n", "-S", "-M", mode, "-c", "1", "-t", str(commands)],
        env=endpoint.environment(), capture_output=True, text=True)
    if done.returncode or "failed transactions: 0" not in done.stdout:
        raise SystemExit(done.stdout + done.stderr)


def measure(endpoint, folder, mode):
    """Allocations for one command, by program: the difference of two runs, so that connecting is not counted."""
    run(endpoint, mode, WARM_UP)
    seen = []
    for commands in (WARM_UP, WARM_UP + COMMANDS):
        before = counts(folder)
        run(endpoint, mode, commands)
        after = counts(folder)
        seen.append({program: after[program] - before.get(program, 0) for program in after})
    return {program: (seen[1][program] - seen[0].get(program, 0)) / COMMANDS for program in seen[1]}


def main():
    thresholds = json.loads((HERE / "thresholds.json").read_text())
    exceeded = False
    with tempfile.TemporaryDirectory(prefix="sla-", dir="/tmp") as folder:
        library = build(folder)
        counted = f"{folder}/counts"
        os.mkdir(counted, 0o777)
        machine = Machine(1)
        try:
            os.environ |= {"LD_PRELOAD": library, "BENCH_COUNTS": counted}
            endpoint = machine.target("sluice")
            del os.environ["LD_PRELOAD"], os.environ["BENCH_COUNTS"]
            print("| pgbench -S | program | allocations per command | at most |")
            print("|---|---|---|---|")
            for mode, limits in thresholds["allocations_per_command"].items():
                found = measure(endpoint, counted, mode)
                for program, limit in limits.items():
                    exceeded = exceeded or found[program] > limit
                    print(f"| {mode} | {program} | {found[program]:.1f} | {limit} |")
        finally:
            machine.stop()
    if exceeded:
        sys.exit("more allocations than thresholds.json allows")


if __name__ == "__main__":
    main()
