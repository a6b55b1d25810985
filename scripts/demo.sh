#!/usr/bin/env bash
# make demo: a tour with real psql that checks every step, ends by itself, and fails when a promise is not kept.
set -euo pipefail
. "$(dirname "$0")/demo-common.sh"

waiting=
finish() {
    local code=$?
    if [[ $code -ne 0 && -n $home && -f $home/log ]]; then
        echo "--- what the stages said last:" >&2
        tail -n 40 "$home/log" >&2
    fi
    [[ -z $waiting ]] || kill "$waiting" 2>/dev/null || true
    demo_stop
    exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

title() { printf '\n== %s\n' "$1"; }
fail() { echo "demo: $1" >&2; exit 1; }
show() { sed 's/^/   /'; }

# expect FILE TEXT, reject FILE TEXT: fixed text that must, or must not, be in the output.
expect() { grep -qF -- "$2" "$1" || { cat "$1" >&2; fail "expected “$2”"; }; }
reject() { if grep -qF -- "$2" "$1"; then cat "$1" >&2; fail "“$2” must not be there"; fi; }

# agent ARGUMENTS: psql as agent-1 through Sluice; prints the command and all that came back, keeps it in $out.
agent() { as agent-1 "$agent_secret" "$@"; }
as() {
    local user=$1 secret=$2
    shift 2
    local argument
    printf '$ psql "… dbname=orders user=%s"' "$user"
    for argument in "$@"; do if [[ $argument == -* ]]; then printf ' %s' "$argument"; else printf " '%s'" "$argument"; fi; done
    printf '\n'
    code=0
    PGPASSWORD=$secret psql -X -v VERBOSITY=verbose "$connection user=$user" "$@" >"$out" 2>&1 </dev/null || code=$?
    show <"$out"
}

# held USER: waits for the one pending request of USER and puts its id in $request.
held() {
    local tries
    request=
    for ((tries = 0; tries < 200; tries++)); do
        request=$(sluice approvals list --format json \
            | jq -r --arg who "$1" '[(.approvals? // .)[] | select(.status == "pending" and .identity == $who)][0].id // empty')
        [[ -z $request ]] || return 0
        sleep 0.1
    done
    fail "no request of $1 is pending"
}

review() { # review NAME:SECRET ARGUMENTS
    local secret=$1
    shift
    echo "\$ sluice approvals $*"
    code=0
    SLUICE_TOKEN=$secret sluice approvals "$@" >"$out" 2>&1 || code=$?
    show <"$out"
}

direct() {
    PGPASSWORD=$DEMO_PASSWORD psql -XAtq \
        "host=$DEMO_HOST port=$DEMO_PORT user=$DEMO_USER dbname=$DEMO_DATABASE" -c "$1"
}

title 'A database, and Sluice in front of it'
demo_start
out=$home/out
bob_secret=$(sluice token create bob --group ai-agents --group dba --expires 24h --format json | jq -er .secret)
grep '^ready' "$home/log" | show
sluice status | show

title '1. An agent reads; personal data arrives masked'
query='SELECT name, email, ssn, card FROM customers ORDER BY id LIMIT 3'
agent -c "$query"
[[ $code -eq 0 ]] || fail 'the read failed'
expect "$out" 'Grace Harper'
direct "$query" >"$home/truth"
while IFS='|' read -r _ email ssn card; do
    for value in "$email" "$ssn" "$card"; do reject "$out" "$value"; done
done <"$home/truth"
agent -c 'SELECT id, note FROM orders WHERE id IN (7, 12, 42) ORDER BY id'
for value in 'billing7@example.com' '4111 1111 1111 1111' '212-45-6789' 'AKIAIOSFODNN7EXAMPLE'; do
    reject "$out" "$value"
done

title '2. A command that no rule allows is refused, and the session goes on'
agent -c 'CREATE TABLE mine (id int)' -c "SELECT 'still here' AS session"
expect "$out" '42501'
expect "$out" 'still here'
[[ -z $(direct "SELECT 1 FROM pg_class WHERE relname = 'mine'") ]] || fail 'the refused command ran'

title '3. A destructive command waits for a dba'
out=$home/raw agent -c 'TRUNCATE audit_scratch' >"$home/held" &
waiting=$!
held agent-1
review "agent-1:$agent_secret" approve "$request"
[[ $code -eq 1 ]] || fail 'an agent approved its own request'
[[ $(direct 'SELECT count(*) FROM audit_scratch') == 25 ]] || fail 'the held command ran before its approval'
review "alice:$alice_secret" show "$request"
expect "$out" 'TRUNCATE audit_scratch'
review "alice:$alice_secret" approve "$request" --comment 'checked the import'
[[ $code -eq 0 ]] || fail 'alice could not approve'
wait "$waiting"
waiting=
cat "$home/held"
expect "$home/held" 'TRUNCATE TABLE'
[[ $(direct 'SELECT count(*) FROM audit_scratch') == 0 ]] || fail 'the approved command did not run'

title '4. Nobody approves what they asked for, dba or not'
out=$home/raw as bob "$bob_secret" -c 'DELETE FROM order_items' >"$home/held" &
waiting=$!
held bob
review "bob:$bob_secret" approve "$request"
[[ $code -eq 1 ]] || fail 'bob approved his own request'
review "alice:$alice_secret" deny "$request" --reason 'this would empty the table'
[[ $code -eq 0 ]] || fail 'alice could not deny'
wait "$waiting"
waiting=
cat "$home/held"
expect "$home/held" '42501'
[[ $(direct 'SELECT count(*) FROM order_items') == 600 ]] || fail 'the denied command ran'

title '5. The session can be replayed, as the agent saw it'
echo '$ sluice sessions list'
sluice sessions list | show
sluice sessions list --identity agent-1 --format json | jq -r '(.sessions? // .)[].id' >"$home/sessions"
session=
while read -r id; do
    sluice sessions replay "$id" --no-delay >"$out"
    if grep -qF 'FROM customers' "$out"; then session=$id; fi
    [[ -z $session ]] || break
done <"$home/sessions"
[[ -n $session ]] || fail 'no recording has the first query'
echo "\$ sluice sessions replay $session --no-delay"
show <"$out"
expect "$out" 'Grace Harper'
reject "$out" "$(head -n 1 "$home/truth" | cut -d '|' -f 3)"

title '6. Sluice drains and stops; the recordings are whole, and a flipped bit shows'
kill -TERM "$supervisor"
code=0
wait "$supervisor" || code=$?
supervisor=
tail -n 1 "$home/log" | show
[[ $code -eq 0 ]] || fail "sluice up ended with $code"
echo '$ sluice verify'
sluice verify >"$out" 2>&1 || { cat "$out" >&2; fail 'the recordings do not verify'; }
show <"$out"
cp -r "$home/state/recordings" "$home/copy"
damaged=$(find "$home/copy" -name '*.slseg' -printf '%s %p\n' | sort -rn | head -n 1 | cut -d ' ' -f 2-)
python3 - "$damaged" <<'PYTHON'
import sys
with open(sys.argv[1], "r+b") as file:
    data = file.read()
    file.seek(len(data) // 2)
    file.write(bytes([data[len(data) // 2] ^ 1]))
PYTHON
echo "\$ sluice verify copy      # after one bit of ${damaged#"$home/copy/"} was flipped"
code=0
sluice verify "$home/copy" >"$out" 2>&1 || code=$?
show <"$out"
[[ $code -eq 1 ]] || fail 'a flipped bit was not noticed'
expect "$out" "$(basename "$damaged")"

title 'Every step held.'
