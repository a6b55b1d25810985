#!/bin/sh
# Makes the Python environment of the tests and benchmarks in .build-python, once, and prints its interpreter.
# It is made again when scripts/python-requirements.txt changes. Needs python3 with venv, and pip's index.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
home=$root/.build-python
wanted=$root/scripts/python-requirements.txt
exec 9>"$root/.build-python.lock"
flock 9
if ! cmp -s "$wanted" "$home/requirements.txt" || ! [ -x "$home/bin/python" ]; then
  rm -rf "$home"
  python3 -m venv "$home" >&2
  "$home/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted" >&2
  cp "$wanted" "$home/requirements.txt"
fi
echo "$home/bin/python"
