#!/usr/bin/env bash
# make run: a demo database, Sluice in front of it, and three things to try. Ctrl-C stops everything.
set -euo pipefail
. "$(dirname "$0")/demo-common.sh"

trap demo_stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
demo_start
program="$binaries/sluice"

cat <<TEXT

$(grep '^ready' "$home/log")

The agent's connection, for this or another terminal:

  export PGPASSWORD='$agent_secret'
  psql "$connection user=agent-1"

Three things to try in it:

  1. SELECT name, email, ssn, card FROM customers LIMIT 5;     -- personal data arrives masked
  2. CREATE TABLE mine (id int);                               -- refused, and the session goes on
  3. TRUNCATE audit_scratch;                                   -- held until a dba approves it:

     SLUICE_TOKEN='alice:$alice_secret' \\
       $program approvals list --config $home/sluice.yaml
     SLUICE_TOKEN='alice:$alice_secret' \\
       $program approvals approve ID --config $home/sluice.yaml

Afterwards: sluice sessions list, sluice sessions replay ID, sluice verify, each with --config $home/sluice.yaml.
What the stages say follows. Ctrl-C stops all, the database too.

TEXT
tail -n +1 -f --pid "$supervisor" "$home/log" &
wait "$supervisor"
