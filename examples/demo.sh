#!/usr/bin/env bash
# The whole loop, as "make demo" shows it: push, serve, sleep, wake. Arguments go to every flock command.
# With CHECK=1 it ends when all was seen, with exit status 0, else with 1 and the failing step's log.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
flock=${FLOCK:?the flock binary}
work=$(mktemp -d "${TMPDIR:-/tmp}/flock-demo.XXXXXX")
options=(--state "$work/state" --set scaler.idleAfter=5s --set scaler.every=500ms "$@")
daemon=

now() { date +%s%N; }
began=$(now)
say() { printf '%8.2f s  %s\n' "$(awk "BEGIN { print ($(now) - $began) / 1e9 }")" "$*"; }

clean_up() {
    status=$?
    trap - EXIT INT TERM
    if [ -n "$daemon" ] && kill -0 "$daemon" 2>/dev/null; then
        "$flock" down "${options[@]}" >/dev/null 2>&1 || true
        wait "$daemon" 2>/dev/null || true
    fi
    rm -rf "$work"
    exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

fail() {
    echo "FAILED: $1" >&2
    [ -z "${2:-}" ] || { echo "--- the log of that step:" >&2; tail -n 40 "$2" >&2; }
    echo "--- the last lines of flock up:" >&2
    tail -n 40 "$work/up.log" >&2
    exit 1
}

# Waits for a command to succeed, at most so many seconds.
within() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $deadline ] || return 1
        kill -0 "$daemon" 2>/dev/null || return 1
        sleep 0.1
    done
}

field() { "$flock" apps "${options[@]}" --json 2>/dev/null | node -e '
    const apps = JSON.parse(require("fs").readFileSync(0));
    console.log((apps.find((app) => app.slug === "hello-node") ?? {})[process.argv[1]] ?? "");' "$1"; }
answers() { curl -fsS -o "$work/answer" --max-time 40 "$url" 2>"$work/curl.log"; }
is_up() { "$flock" apps "${options[@]}" >/dev/null 2>&1 && curl -s -o /dev/null --unix-socket "$work/state/haproxy.sock" http://flock/health; }
is_asleep() { [ "$(field state)" = asleep ]; }
# The engine keeps a file for each task that runs.
has_no_process() { [ -z "$(find "$work/state/engine/runs" -name "*.pid")" ]; }

"$flock" up "${options[@]}" >"$work/up.log" 2>&1 &
daemon=$!
if ! within 20 is_up; then
    # A port that is taken, say: flock up has said which, by whom, and what to do.
    wait "$daemon" 2>/dev/null || true
    sed 's/^/  /' "$work/up.log" >&2
    echo 'Change a port with: make demo DEMO_FLAGS="--set http.listen=127.0.0.1:8001"' >&2
    exit 1
fi
say "flock is up"

"$flock" repo create hello-node "${options[@]}" >"$work/repo.log" 2>&1 || fail "the repository could not be made" "$work/repo.log"
cp -R "$here/hello-node" "$work/hello-node"
cd "$work/hello-node"
git init -q -b main
git config user.name Flock
git config user.email flock@localhost
git add -A
git commit -q -m "Hello"
git remote add flock "$work/state/git/hello-node.git"
say "pushing examples/hello-node: git push flock main"
git push flock main >"$work/push.log" 2>&1 || fail "git push failed" "$work/push.log"
sed 's/^/              /' "$work/push.log"
say "pushed"

url=$(field url)
[ -n "$url" ] || fail "nothing was deployed" "$work/push.log"
say "deployed at $url"

answers || fail "$url did not answer" "$work/curl.log"
say "answered 200: $(head -n 1 "$work/answer")"

say "idle: nobody asks for 5 seconds"
within 30 is_asleep || fail "it did not go to sleep"
within 10 has_no_process || fail "a process is left"
say "asleep: 0 processes"

hit=$(now)
answers || fail "the sleeping app did not answer" "$work/curl.log"
woke=$((($(now) - hit) / 1000000))
say "hit: answered 200, woke in $woke ms"

if [ -n "${CHECK:-}" ] || [ ! -t 1 ]; then
    say "all seen"
    exit 0
fi

cat <<END

Flock goes on until you press Ctrl-C. Try:
  curl $url
  $flock apps --state $work/state
Push again: change $work/hello-node/server.js and its version in package.json, then
  cd $work/hello-node && git commit -am "Again" && git push flock main
END
trap 'exit 0' INT TERM
tail -n 0 -f "$work/up.log" &
tail=$!
wait "$daemon" || true
kill "$tail" 2>/dev/null || true
