#!/bin/sh
# Tells flock-hook, from CI, that a branch was pushed: for forges whose webhooks cannot reach it, or where a deploy has to
# wait for the tests. It sends what GitHub's webhook would. Needs curl and openssl.
#
#   FLOCK_URL         where flock-hook is reached: https://hooks.example.org
#   FLOCK_SECRET      the secret of the repository's entry in flock.yaml
#   FLOCK_REPOSITORY  the repository's address, as "url" of that entry
#   FLOCK_REF         refs/heads/main
#   FLOCK_COMMIT      what was pushed; flock-hook deploys the end of the branch
set -eu

for name in FLOCK_URL FLOCK_SECRET FLOCK_REPOSITORY FLOCK_REF FLOCK_COMMIT; do
    eval "value=\${$name:-}"
    [ -n "$value" ] || {
        echo "deliver.sh: $name is empty; set it as its first lines say" >&2
        exit 64
    }
done

quoted() { printf '%s' "$1" | sed 's/[\\"]/\\&/g'; }

body=$(printf '{"ref":"%s","before":"0000000000000000000000000000000000000000","after":"%s","repository":{"clone_url":"%s"}}' \
    "$(quoted "$FLOCK_REF")" "$(quoted "$FLOCK_COMMIT")" "$(quoted "$FLOCK_REPOSITORY")")
# HMAC-SHA256 (RFC 2104) of what comes in. openssl would take the secret on its command line, which all may read.
hex() { od -An -v -tx1 | tr -d ' \n'; }
digest() { openssl dgst -sha256 -binary | hex; }
# The bytes of a number in hexadecimal, each with all bits of $1 turned, $2 of them, as printf writes them.
octal() {
    awk -v with="$1" -v size="$2" '{
        for (i = 1; i <= size || i * 2 <= length($0); i++) {
            a = 16 * value(substr($0, 2 * i - 1, 1)) + value(substr($0, 2 * i, 1)); b = with; byte = 0
            for (bit = 1; bit < 256; bit *= 2) {
                byte += bit * ((a + b) % 2); a = int(a / 2); b = int(b / 2)
            }
            printf "\\%03o", byte
        }
    }
    function value(digit) { return digit == "" ? 0 : index("0123456789abcdef", digit) - 1 }'
}
# The formats are digits only.
# shellcheck disable=SC2059
hmac() {
    key=$(printf '%s' "$FLOCK_SECRET" | hex)
    [ "${#key}" -le 128 ] || key=$(printf '%s' "$FLOCK_SECRET" | digest)
    inner=$({ printf "$(echo "$key" | octal 54 64)"; cat; } | digest)
    { printf "$(echo "$key" | octal 92 64)"; printf "$(echo "$inner" | octal 0 32)"; } | digest
}
signature=$(printf '%s' "$body" | hmac)

# The same number for every attempt of one delivery: flock-hook takes it once.
delivery=$(openssl rand -hex 16)
answer=$(printf '%s' "$body" | curl --silent --show-error --retry 5 --retry-connrefused --max-time 60 \
    --header 'Content-Type: application/json' --header 'X-GitHub-Event: push' \
    --header "X-GitHub-Delivery: $delivery" --header "X-Hub-Signature-256: sha256=$signature" \
    --data-binary @- --write-out '\n%{http_code}' "${FLOCK_URL%/}/hooks")
status=${answer##*
}
printf '%s\n' "${answer%
*}"
case $status in
2*) ;;
*)
    echo "deliver.sh: flock-hook answered $status" >&2
    exit 1
    ;;
esac
