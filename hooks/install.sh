#!/bin/sh
# Installs Flock's hooks: sh hooks/install.sh WHAT FOLDER [KEY=VALUE…]
#
#   post-receive  pre-receive    into a bare repository: deploy what is pushed; refuse what is broken
#   pre-push                     into your own copy of a repository
#   github  gitlab               into a repository's folder: a workflow, or a job to include
#
# KEY=VALUE goes to "git config flock.KEY VALUE": command, config, state, secretfile, branches, folder. There may be several
# of secretfile= and folder=.
# A hook that is there already and is not Flock's is left alone. Run it again for a newer version.
set -eu

usage() {
    sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
    exit 64
}

[ $# -ge 2 ] || usage
what=$1
folder=$2
shift 2
source=$(cd "$(dirname "$0")" && pwd)
[ -d "$folder" ] || {
    echo "install.sh: $folder: is no folder" >&2
    exit 66
}

# put SOURCE TARGET MODE: unless another's file is there.
put() {
    if [ -e "$2" ] && ! grep -q -i flock "$2"; then
        echo "install.sh: $2: is there, and is not Flock's; call $source/$1 from it, or move it away" >&2
        exit 73
    fi
    mkdir -p "$(dirname "$2")"
    cp "$source/$1" "$2"
    chmod "$3" "$2"
    echo "$2"
}

case $what in
post-receive | pre-receive | pre-push)
    git_folder=$(cd "$folder" && git rev-parse --absolute-git-dir) || {
        echo "install.sh: $folder: is no git repository" >&2
        exit 66
    }
    # core.hooksPath leads elsewhere where somebody has set it.
    hooks=$(cd "$folder" && git rev-parse --git-path hooks)
    case $hooks in /*) ;; *) hooks=$(cd "$folder" && pwd)/$hooks ;; esac
    put "$what" "$hooks/$what" 755
    for assignment in "$@"; do
        case $assignment in
        secretfile=* | folder=*) git --git-dir "$git_folder" config --unset-all "flock.${assignment%%=*}" || : ;;
        command=* | config=* | state=* | branches=*) ;;
        *) usage ;;
        esac
    done
    for assignment in "$@"; do
        case $assignment in secretfile=* | folder=*) add=--add ;; *) add='' ;; esac
        git --git-dir "$git_folder" config $add "flock.${assignment%%=*}" "${assignment#*=}"
    done
    ;;
github)
    put github-action/example.yml "$folder/.github/workflows/deploy.yml" 644
    ;;
gitlab)
    put deliver.sh "$folder/.flock/deliver.sh" 644
    put gitlab-ci.yml "$folder/.flock/gitlab-ci.yml" 644
    ;;
*) usage ;;
esac
