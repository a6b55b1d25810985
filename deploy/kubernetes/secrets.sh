#!/bin/sh
# secrets.sh [--public] KEYS: prints the Secrets that the base mounts, from the folder that `sluice keys make` filled, the
# public keys first. Each stage's Secret holds its own keys alone. Pipe it to `kubectl apply -f -`, and keep it off disks.
# --public: the public keys alone, the first step of a rotation (docs/deploying.md).
set -eu
public_only=
[ "${1-}" != --public ] || { public_only=yes; shift; }
[ $# -eq 1 ] && [ -d "$1" ] || { echo "usage: $0 [--public] FOLDER-OF-KEYS" >&2; exit 2; }
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

public=
for stage in ingress classifier masker approver recorder; do
    public="$public bus/$stage.public"
    # The key before a rotation: pods get their files at different times.
    [ ! -e "$keys/bus/$stage.previous.public" ] || public="$public bus/$stage.previous.public"
done
# shellcheck disable=SC2086
secret sluice-bus-public $public
[ -z "$public_only" ] || exit 0

secret sluice-keys-ingress ingress.key bus/ingress.secret classifier.key approver.key
secret sluice-keys-classifier classifier.key bus/classifier.secret
secret sluice-keys-approver approver.key bus/approver.secret
secret sluice-keys-masker masker.key bus/masker.secret masking.key
recording=recording.key
[ ! -s "$keys/recording.key.former" ] || recording="$recording recording.key.former"
# shellcheck disable=SC2086
secret sluice-keys-recorder recorder.key bus/recorder.secret $recording
