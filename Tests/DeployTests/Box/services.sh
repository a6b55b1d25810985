#!/bin/bash
# Inside the box, before s6 or supervisord: the deployment is installed as docs/deploying.md says, then the test's own
# files are put over it. BOX_MANAGER says which of the two.
set -euo pipefail
project=$1 programs=$2

"$project/deploy/install.sh" "$BOX_MANAGER" --programs "$programs"
cp -r --no-preserve=mode,ownership /run/box/files/. /
chgrp sluice /etc/sluice/*.yaml
chmod 640 /etc/sluice/*.yaml
chmod 600 /etc/sluice/secrets/*
