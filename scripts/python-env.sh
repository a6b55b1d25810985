#!/bin/sh
# Makes the Python environment of the tests and benchmarks in .build-python, once, and prints its interpreter.
# It is made again when scripts/python-requirements.txt or the stage package's pyproject.toml changes; the package
# itself is installed editable. Needs python3 with venv, and pip's index.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
home=$root/.build-python
package=$root/sdk/python
exec 9>"$root/.build-python.lock"
flock 9
wanted=$(cat "$root/scripts/python-requirements.txt" "$package/pyproject.toml"; echo "$root")
if [ "$wanted" != "$(cat "$home/wanted" 2>/dev/null)" ] || ! [ -x "$home/bin/python" ]; then
  rm -rf "$home"
  python3 -m venv "$home" >&2
  "$home/bin/pip" install --quiet --disable-pip-version-check \
    --requirement "$root/scripts/python-requirements.txt" --editable "$package[test]" >&2
  echo "$wanted" > "$home/wanted"
fi
echo "$home/bin/python"
