#!/usr/bin/env bash
# Runs fuzzers by name, one after another: fuzz.sh "NAME…" SECONDS [SEED]. Ends with the first that finds something.
set -euo pipefail
cd "$(dirname "$0")/.."

for name in $1; do
    case $name in
        classifier) program=ClassifierFuzz corpus=Tests/PostgresClassifyTests/Corpus ;;
        table) program=TableFuzz corpus=Tests/MaskingTests/Corpus ;;
        stream) program=StreamFuzz corpus=Tests/MaskingTests/Corpus ;;
        document) program=DocumentFuzz corpus=Tests/MaskingTests/Corpus ;;
        *)
            echo "no such fuzzer: $name (classifier, table, stream, document)" >&2
            exit 2
            ;;
    esac
    echo "$program"
    .build-fuzz/debug/"$program" "$corpus" "${@:2}"
done
