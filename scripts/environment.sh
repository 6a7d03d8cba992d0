#!/bin/sh
# Makes .venv hold exactly what a profile's lock asks for: `environment.sh run` or `environment.sh test`.
# A second call compares one line and leaves. PYTHON=... names the interpreter instead of searching for one.
set -eu

profile=${1:-}
case $profile in
    run) lock=requirements.lock ;;
    test) lock=requirements-dev.lock ;;
    *) echo "usage: $0 run|test" >&2; exit 2 ;;
esac

# `cd -P` and not $PWD as given: the path becomes part of the stamp, and a link must not look like a move.
cd -P "$(dirname "$0")/.."
root=$(pwd -P)
stamps=.venv/gateway-stamps

say() { printf '%s\n' "environment: $*" >&2; }
give_up() { say "$*"; exit 1; }

# What an environment depends on: its lock, the package's own metadata, and where it stands (its scripts hold
# absolute paths, so a copied or moved checkout needs a new one). cksum is enough: nobody forges these files.
stamp_of() { printf '%s %s %s\n' "$1" "$(cat "$2" pyproject.toml gateway/__init__.py | cksum)" "$root"; }

is_current() {
    [ -x .venv/bin/python ] && [ -x .venv/bin/gateway ] && [ -f "$stamps/$1" ] \
        && [ "$(cat "$stamps/$1")" = "$(stamp_of "$1" "$2")" ]
}

# The development lock holds the whole runtime lock, so either will do to run.
if is_current "$profile" "$lock"; then exit 0; fi
if [ "$profile" = run ] && is_current test requirements-dev.lock; then exit 0; fi

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    # Tried by running them: a version manager leaves names on PATH that only print an error.
    for name in ${PYTHON:-python3.13 python3.12 python3.11 python3 python3.14}; do
        if is_new_enough "$name"; then command -v "$name"; return 0; fi
    done
    return 1
}

# Debian splits ensurepip out of its Python, and without it `python -m venv` makes a folder that cannot install.
need_venv_module() {
    "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 && return 0
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "installing $package with apt-get"
        log=$(mktemp)
        if { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$package"; } \
            >"$log" 2>&1 </dev/null && "$python" -c 'import ensurepip' >/dev/null 2>&1; then
            rm -f "$log"
            return 0
        fi
        tail -n 5 "$log" >&2
        rm -f "$log"
    fi
    give_up "$python has no venv module; run 'apt-get install $package' as root (or your system's like), then again"
}

is_usable() {
    # activate holds the path the environment was made for; pip is the installer that is always there.
    [ -x .venv/bin/python ] && is_new_enough .venv/bin/python && grep -qF "$root/.venv" .venv/bin/activate 2>/dev/null \
        && .venv/bin/python -m pip --version >/dev/null 2>&1
}

if ! is_usable; then
    python=$(find_python) || give_up "no Python 3.11 or newer found (tried ${PYTHON:-python3.13, 3.12, 3.11, python3, 3.14}); install one or name it: make run PYTHON=/path/to/python3"
    need_venv_module
    say "making .venv with $("$python" --version 2>&1) ($python)"
    rm -rf .venv
    "$python" -m venv .venv || give_up "$python could not make .venv; the lines above say why"
fi
mkdir -p "$stamps"
# Whatever is half done from here on is no environment: the stamps come back at the end.
rm -f "$stamps/run" "$stamps/test"

install() {
    # uv is several times faster and optional. It does not read pip's configuration, so on a machine that reaches
    # its packages through pip.conf it may find nothing: then pip, which always works, has its turn.
    if command -v uv >/dev/null 2>&1; then
        if VIRTUAL_ENV="$root/.venv" uv pip install --quiet "$@"; then return 0; fi
        say "uv could not install; trying pip"
    fi
    # Twice quiet: errors only. A mirror that lacks a package another index has is worth no line for each.
    .venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check --no-input "$@"
}

say "installing $lock (a minute or two the first time)"
install --require-hashes -r "$lock" || give_up "$lock could not be installed; the lines above say why"
# No isolation: the build backend is in the lock, so nothing is fetched that the hashes do not cover.
install --no-deps --no-build-isolation -e . || give_up "the gateway itself could not be installed; the lines above say why"

stamp_of "$profile" "$lock" >"$stamps/$profile"
say "ready ($profile)"
