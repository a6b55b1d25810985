#!/bin/bash
# Inside the box, before systemd: the deployment is installed as docs/deploying.md says, then the test's own files are
# put over it. Of the machine's own services only the journal is left.
set -euo pipefail
project=$1 programs=$2

rm -rf /etc/systemd/system /lib/systemd/system-generators /etc/fstab
find /lib/systemd/system /usr/lib/systemd/system -name '*.wants' -type d -exec rm -rf {} +
mkdir -p /etc/systemd/system /lib/systemd/system/sysinit.target.wants
ln -s ../systemd-journald.socket ../systemd-journald-dev-log.socket /lib/systemd/system/sysinit.target.wants/
: > /etc/machine-id

"$project/deploy/install.sh" systemd --programs "$programs"
cp -r --no-preserve=mode,ownership /run/box/files/. /
chgrp sluice /etc/sluice/*.yaml
chmod 640 /etc/sluice/*.yaml
chmod 600 /etc/sluice/secrets/*
