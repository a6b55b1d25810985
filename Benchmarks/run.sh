#!/bin/sh
# Prints tables, all of one run on this machine's loopback: PostgreSQL directly, through pgbouncer, and through Sluice; what
# recording before running adds to a command; how soon an added recorder takes load; recorders alone (recording.py).
# Needs Debian's postgresql-15 and pgbouncer. Takes about nine minutes.
#
#   BENCH_SECONDS  seconds of each pgbench run (8)
#   BENCH_ROUNDS   runs of each kind, the median counts (1)
#   BENCH_ROWS     rows of the bulk table (1000000)
#   BENCH_IDLE     idle sessions for the memory row (500)
#   BENCH_TARGETS  any of direct pgbouncer pgbouncer-tx sluice sluice-mask (all of them)
#   BENCH_LATENCY_SECONDS, BENCH_LATENCY_RATE      of what recording adds: seconds of each run (5), transactions a second (1000)
#   BENCH_SCALING_ROUNDS     times that a recorder is added (5)
#   BENCH_RECORDING_SECONDS, BENCH_RECORDING_ROUNDS  of recorders alone: seconds of each run (2), runs of which the median counts (3)
#   BENCH_FOLDER   where these record: which disk counts for `synced`; a short path (/tmp)
#   BENCH_BIN      folder with a release build of sluice (built here when not given)
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
targets=${BENCH_TARGETS:-direct pgbouncer pgbouncer-tx sluice sluice-mask}
case $targets in
  *sluice*)
    if [ -z "${BENCH_BIN:-}" ]; then
      make -C "$root" build >&2
      BENCH_BIN=$root/.build/release
    fi ;;
esac
export BENCH_BIN="${BENCH_BIN:-}" BENCH_TARGETS="$targets"
exec python3 "$root/Benchmarks/bench.py"
