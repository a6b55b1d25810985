#!/bin/sh
# install.sh systemd|s6|supervisord [--programs DIR]: puts Sluice's programs, users, folders and service files in their
# places. Needs root. A configuration that is there stays as it is, and nothing is started: see docs/deploying.md.
#   --programs DIR  where sluice and its stages were built (default: .build/release of this source tree)
set -eu
usage() { echo "usage: $0 systemd|s6|supervisord [--programs DIR]" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
manager=${1:-}
case $manager in systemd | s6 | supervisord) shift ;; *) usage ;; esac
programs=$here/../.build/release
while [ $# -gt 0 ]; do
    case $1 in
        --programs) [ $# -ge 2 ] || usage; programs=$2; shift 2 ;;
        *) usage ;;
    esac
done
umask 022

# A new file under the old name: running processes keep the program that they started with.
put() { install -D -m "$1" "$2" "$3.new" && mv "$3.new" "$3"; }
for name in sluice sluice-ingress sluice-classifier sluice-masker sluice-approver sluice-recorder sluice-archiver sluice-forwarder sluice-expirer; do
    put 755 "$programs/$name" "/usr/lib/sluice/$name"
done
ln -sf ../lib/sluice/sluice /usr/bin/sluice
for name in make-keys layout run-stage; do put 755 "$here/host/$name" "/usr/lib/sluice/$name"; done

case $manager in
    systemd)
        put 644 "$here/host/sysusers.conf" /usr/lib/sysusers.d/sluice.conf
        put 644 "$here/host/tmpfiles.conf" /usr/lib/tmpfiles.d/sluice.conf
        for unit in "$here"/systemd/*.target "$here"/systemd/*.service "$here"/systemd/*.socket; do
            put 644 "$unit" "/usr/lib/systemd/system/$(basename "$unit")"
        done
        put 644 "$here/systemd/sluice-.service.d/10-sandbox.conf" \
            /usr/lib/systemd/system/sluice-.service.d/10-sandbox.conf
        systemd-sysusers sluice.conf
        systemd-tmpfiles --create sluice.conf
        example=$here/systemd/sluice.yaml
        ;;
    s6 | supervisord)
        put 644 "$here/host/sysusers.conf" /usr/lib/sluice/sysusers.conf
        put 644 "$here/host/tmpfiles.conf" /usr/lib/sluice/tmpfiles.conf
        /usr/lib/sluice/layout users
        example=$here/host/sluice.yaml
        ;;
esac
case $manager in
    systemd) ;;
    s6)
        for service in "$here"/s6/sluice-*; do
            for file in "$service"/*; do
                mode=644
                if [ -x "$file" ]; then mode=755; fi
                put "$mode" "$file" "/etc/s6/sluice/$(basename "$service")/$(basename "$file")"
            done
        done
        ;;
    supervisord) put 644 "$here/supervisord/sluice.conf" /etc/supervisor/conf.d/sluice.conf ;;
esac

[ -e /etc/sluice/sluice.yaml ] || install -m 640 -g sluice "$example" /etc/sluice/sluice.yaml
[ -e /etc/sluice/policy.yaml ] || install -m 640 -g sluice "$here/host/policy.yaml" /etc/sluice/policy.yaml
if [ "$manager" = systemd ] && [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
