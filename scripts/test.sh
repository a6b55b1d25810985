#!/usr/bin/env bash
# Runs every test against the programs in $1, one at a time. What failed is said again at the end,
# where it can be seen without the whole log; the log stays in .build/test.log.
set -uo pipefail
cd "$(dirname "$0")/.."

log=.build/test.log
SLUICE_TEST_BIN=$1 swift test --skip-build --no-parallel 2>&1 | tee "$log"
status=${PIPESTATUS[0]}
if ((status != 0)); then
    echo
    echo "What failed (the whole log: $log):"
    # An issue's comment follows it in lines that begin with ↳; a statement log in it may be long.
    grep -aE '^(✘|↳)|error: |Fatal error' "$log" | cut -c 1-600 | tail -n 60
fi
exit "$status"
