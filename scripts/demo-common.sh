# What make run and make demo have in common: a demo database and Sluice in front of it, all in one temporary
# folder. Source it, call demo_start, then demo_stop in a trap.
#
# SLUICE_BIN: folder of the built programs, .build/release unless set.

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
binaries=${SLUICE_BIN:-$project/.build/release}
home=
database=
supervisor=

sluice() { "$binaries/sluice" "$@" --config "$home/sluice.yaml"; }

demo_stop() {
    # A second signal hurries Sluice; it must not keep the rest from being stopped and removed.
    trap '[[ -z $supervisor ]] || kill -TERM "$supervisor" 2>/dev/null || true' INT TERM
    if [[ -n $supervisor ]]; then
        kill -TERM "$supervisor" 2>/dev/null || true
        while kill -0 "$supervisor" 2>/dev/null; do wait "$supervisor" 2>/dev/null || true; done
        supervisor=
    fi
    [[ -z $database ]] || setsid --wait "$project/scripts/demo-db.sh" stop "$database"
    rm -rf ${home:+"$home"} ${database:+"$database"}
    home=
    database=
}

# Prints why on standard error and returns 1 when anything does not start.
demo_start() {
    [[ -x $binaries/sluice ]] || { echo "no $binaries/sluice: run make build" >&2; return 1; }
    home=$(mktemp -d "${TMPDIR:-/tmp}/sluice-demo.XXXXXX")
    database=$(mktemp -d "${TMPDIR:-/tmp}/sluice-demo-db.XXXXXX")
    "$project/scripts/demo-db.sh" start "$database"
    # shellcheck disable=SC1091
    . "$database/env"
    demo_port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

    cat >"$home/sluice.yaml" <<YAML
state: ./state
listeners:
  postgres: 127.0.0.1:$demo_port
resources:
  - name: orders
    protocol: postgres
    target: $DEMO_HOST:$DEMO_PORT/$DEMO_DATABASE
    tls: prefer
    credentials: {user: $DEMO_USER, password: {env: ORDERS_PASSWORD}}
    recording: written
policy: policy.yaml
YAML
    cat >"$home/policy.yaml" <<'YAML'
# The strictest matching rule wins; what no rule allows is refused.
rules:
  - name: agents may read orders
    who: {groups: [ai-agents]}
    on: [orders]
    when: {operation: [read]}
    then: allow
  - name: agents may change rows they name
    who: {groups: [ai-agents]}
    on: [orders]
    when: {operation: [write], unfiltered: false}
    then: allow
  - name: destructive statements need a dba
    when: {any: [{operation: [drop, truncate, alter, grant]}, {unfiltered: true}]}
    then: {hold: {approvers: {groups: [dba]}, quorum: 1, expires: 15m}}
  - name: personal data
    who: {groups: [ai-agents]}
    mask:
      - {columns: ["*.email", "*.phone"], style: partial}
      - {detect: [email], style: partial}
      - {detect: [credit_card, us_ssn, secret], style: redact}
YAML

    ORDERS_PASSWORD=$DEMO_PASSWORD setsid "$binaries/sluice" up --config "$home/sluice.yaml" >"$home/log" 2>&1 &
    supervisor=$!
    local tries
    for ((tries = 0; tries < 600; tries++)); do
        grep -q '^ready' "$home/log" && break
        kill -0 "$supervisor" 2>/dev/null || break
        sleep 0.1
    done
    grep -q '^ready' "$home/log" || { echo "sluice up did not become ready:" >&2; cat "$home/log" >&2; return 1; }

    agent_secret=$(sluice token create agent-1 --group ai-agents --expires 24h --format json | jq -er .secret)
    alice_secret=$(sluice token create alice --group dba --expires 24h --format json | jq -er .secret)
    connection="host=127.0.0.1 port=$demo_port dbname=orders sslmode=prefer"
}
