#!/bin/sh
# Installs the Debian packages that are not there yet, and says which. Does nothing when all are there.
set -eu

missing=
for package in "$@"; do
    # A program may have come another way: node from nodejs.org, say.
    case $package in
    nodejs) command -v node >/dev/null 2>&1 && continue ;;
    bubblewrap) command -v bwrap >/dev/null 2>&1 && continue ;;
    *-dev | ca-certificates) ;;
    *) command -v "$package" >/dev/null 2>&1 && continue ;;
    esac
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' && continue
    missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "Missing:$missing. This machine has no apt-get; install them with its own package manager." >&2
    exit 1
fi
sudo=
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null 2>&1 || {
        echo "Missing:$missing. Install them as root: apt-get install$missing" >&2
        exit 1
    }
    sudo=sudo
fi
echo "Installing$missing (apt-get${sudo:+ through sudo})."
# The variable is a list of words.
# shellcheck disable=SC2086
$sudo sh -c "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing" >/dev/null
# Debian starts an haproxy and an sshd of its own. Flock runs an haproxy for itself, and the tests an sshd on loopback.
[ -d /run/systemd/system ] || exit 0
case $missing in *haproxy*) $sudo systemctl disable --now haproxy >/dev/null 2>&1 || true ;; esac
case $missing in *openssh-server*) $sudo systemctl disable --now ssh >/dev/null 2>&1 || true ;; esac
