#!/usr/bin/env bash
# Installs the Debian packages that building, testing and the demo need; does nothing when all are there.
set -euo pipefail

packages=(
    libzmq3-dev libssl-dev liblz4-dev libpg-query-dev libprotobuf-c-dev libsqlite3-dev libcurl4-openssl-dev
    libpq-dev
    rsyslog rsyslog-openssl
    postgresql postgresql-contrib pgbouncer pgcli python3 python3-venv jq
    asciinema procps s6 systemd iproute2 ceph-mon ceph-osd radosgw curl
)
# Pattern matching: where there is no Hyperscan, Vectorscan has the same interface (docs/decisions/0025-hyperscan.md).
others=()
if [[ $(dpkg --print-architecture) == amd64 ]]; then
    packages+=(libhyperscan-dev)
    others=(libvectorscan-dev- libvectorscan5-)
else
    packages+=(libvectorscan-dev)
fi
missing=()
for package in "${packages[@]}"; do
    [[ $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) == "install ok installed" ]] || missing+=("$package")
done
[[ ${#missing[@]} -eq 0 ]] && exit 0

echo "installing ${missing[*]}"
as_root=()
[[ $EUID -eq 0 ]] || as_root=(sudo)
# The demo and the tests start servers of their own: packages must not start theirs.
"${as_root[@]}" apt-get update -q
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}" "${others[@]}"
