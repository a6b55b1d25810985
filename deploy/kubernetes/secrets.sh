#!/bin/sh
# secrets.sh KEYS: prints the Secrets that the base mounts, from the folder that `sluice keys make` filled. Each stage's
# Secret holds its own keys alone. Pipe it to `kubectl apply -f -`, and keep it off disks.
set -eu
[ $# -eq 1 ] && [ -d "$1" ] || { echo "usage: $0 FOLDER-OF-KEYS" >&2; exit 2; }
keys=$1

# NAME FILE…: one Secret; a file of the folder bus is named without it.
secret() {
    printf -- '---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: %s\n  namespace: sluice\ntype: Opaque\ndata:\n' "$1"
    shift
    for file in "$@"; do
        [ -r "$keys/$file" ] || { echo "secrets.sh: no key $keys/$file" >&2; exit 1; }
        printf '  %s: %s\n' "$(basename "$file")" "$(base64 -w 0 "$keys/$file")"
    done
}

secret sluice-keys-ingress ingress.key bus/ingress.secret classifier.key approver.key
secret sluice-keys-classifier classifier.key bus/classifier.secret
secret sluice-keys-approver approver.key bus/approver.secret
secret sluice-keys-masker masker.key bus/masker.secret masking.key
secret sluice-keys-recorder recorder.key bus/recorder.secret recording.key
secret sluice-bus-public bus/ingress.public bus/classifier.public bus/masker.public bus/approver.public bus/recorder.public
