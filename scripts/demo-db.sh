#!/usr/bin/env bash
# A throwaway PostgreSQL with sample data, on a free loopback port.
#
#   demo-db.sh start DIR   make and start it in DIR; DIR/env then has DEMO_HOST, DEMO_PORT, DEMO_DATABASE,
#                          DEMO_USER and DEMO_PASSWORD
#   demo-db.sh stop DIR    stop it and remove its data
#
# It runs as the user postgres when started by root. DIR has to be new or of an earlier start.
set -euo pipefail

usage() { echo "usage: demo-db.sh start|stop DIR" >&2; exit 2; }
[[ $# -eq 2 ]] || usage
directory=$(mkdir -p "$2" && cd "$2" && pwd)
data=$directory/data

programs=$(command -v initdb >/dev/null && dirname "$(command -v initdb)" || true)
for candidate in /usr/lib/postgresql/*/bin; do
    [[ -x $candidate/initdb ]] && programs=$candidate
done
[[ -n $programs ]] || { echo "demo-db: PostgreSQL's initdb is not installed: run make install" >&2; exit 1; }

# PostgreSQL does not run as root.
server() {
    if [[ $EUID -eq 0 ]]; then runuser -u postgres -- "$@"; else "$@"; fi
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

stop() {
    if [[ -f $data/postmaster.pid ]]; then
        (cd "$directory" && server "$programs/pg_ctl" -D "$data" -m immediate -w stop >/dev/null 2>&1) || true
    fi
    rm -rf "$data" "$directory/env"
}

start() {
    stop
    local superuser_password app_password port password_file
    superuser_password=$(head -c 18 /dev/urandom | base64 | tr '+/' 'xy')
    app_password=$(head -c 18 /dev/urandom | base64 | tr '+/' 'xy')
    port=$(free_port)
    if [[ $EUID -eq 0 ]]; then chown postgres "$directory"; fi
    cd "$directory"
    password_file=$directory/initial
    (umask 077 && printf '%s\n' "$superuser_password" >"$password_file")
    if [[ $EUID -eq 0 ]]; then chown postgres "$password_file"; fi
    server "$programs/initdb" -D "$data" -U postgres -E UTF8 --locale=C -A scram-sha-256 \
        --pwfile="$password_file" >/dev/null
    rm -f "$password_file"
    server "$programs/pg_ctl" -D "$data" -w -t 60 -l "$data/server.log" -o \
        "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories='' -c fsync=off -c max_connections=100" \
        start >/dev/null || { cat "$data/server.log" >&2; exit 1; }

    export PGHOST=127.0.0.1 PGPORT=$port PGUSER=postgres PGPASSWORD=$superuser_password
    psql -qX -v ON_ERROR_STOP=1 -d postgres <<SQL
CREATE ROLE app LOGIN PASSWORD '$app_password';
CREATE DATABASE orders OWNER app;
SQL
    PGUSER=app PGPASSWORD=$app_password psql -qX -v ON_ERROR_STOP=1 -d orders -f "$(dirname "$script")/demo-db.sql"
    (umask 077 && cat >"$directory/env") <<ENV
DEMO_HOST=127.0.0.1
DEMO_PORT=$port
DEMO_DATABASE=orders
DEMO_USER=app
DEMO_PASSWORD=$app_password
ENV
}

script=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
case $1 in
    start) start ;;
    stop) stop ;;
    *) usage ;;
esac
