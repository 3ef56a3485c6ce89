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
# The secret is on openssl's command line: run this where nobody else is, as on a runner of CI.
signature=$(printf '%s' "$body" | openssl dgst -sha256 -hmac "$FLOCK_SECRET" | sed 's/^.* //')

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
