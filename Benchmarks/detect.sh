#!/bin/sh
# Prints what the detectors find on a labelled corpus, beside Microsoft Presidio on the same texts, and how fast they are.
#
#   DETECT_SEED       seed of the corpus (1)
#   DETECT_COUNT      texts in it (6000)
#   DETECT_MEGABYTES  size of each text for the speed (64)
#   DETECT_BENCH      DetectBench, built
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
home=$root/.build-python-detect
if ! cmp -s "$root/Benchmarks/detect-requirements.txt" "$home/wanted"; then
  rm -rf "$home"
  python3 -m venv "$home" >&2
  "$home/bin/pip" install --quiet --disable-pip-version-check --requirement "$root/Benchmarks/detect-requirements.txt" >&2
  cp "$root/Benchmarks/detect-requirements.txt" "$home/wanted"
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
corpus() { python3 "$root/Benchmarks/detect_corpus.py" --seed "${DETECT_SEED:-1}" "$@"; }

echo "| what | speed | |"
echo "|---|---|---|"
for kind in sparse dense; do
  corpus --megabytes "${DETECT_MEGABYTES:-64}" "--$kind" > "$work/$kind"
  "$DETECT_BENCH" speed "$kind" "$work/$kind"
done
echo
corpus --count "${DETECT_COUNT:-6000}" > "$work/corpus"
"$home/bin/python" -W ignore "$root/Benchmarks/detect.py" "$DETECT_BENCH" "$work/corpus"
