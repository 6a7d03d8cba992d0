#!/bin/sh
# Builds the control panel into gateway/static, if its sources are newer than what stands there.
# `panel.sh tools` only installs what building and testing it needs.
set -eu

cd -P "$(dirname "$0")/.."
only_tools=${1:-}

# Names of files belong to it: a file that was removed is a change too.
sources_of() {
    find frontend -name node_modules -prune -o -type f -print | LC_ALL=C sort | while read -r file; do
        printf '%s %s\n' "$file" "$(cksum <"$file")"
    done | cksum
}

built=gateway/static/.stamp
wanted=$(sources_of)
if [ -z "$only_tools" ] && [ -f "$built" ] && [ "$(cat "$built")" = "$wanted" ]; then exit 0; fi

found=$(sh scripts/node.sh) || exit 1
node=$(printf '%s\n' "$found" | sed -n 1p)
npm=$(printf '%s\n' "$found" | sed -n 2p)
PATH="$(dirname "$node"):$PATH"
export PATH

tools=frontend/node_modules/.stamp
locked=$(cksum <frontend/package-lock.json)
if [ ! -f "$tools" ] || [ "$(cat "$tools")" != "$locked" ]; then
    echo "panel: installing what builds it (a minute the first time)" >&2
    (cd frontend && "$npm" ci --silent) || { echo "panel: npm could not install what builds it" >&2; exit 1; }
    printf '%s' "$locked" >"$tools"
fi
[ -z "$only_tools" ] || exit 0

echo "panel: building it" >&2
log=$(mktemp)
if ! (cd frontend && "$npm" run --silent build) >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    echo "panel: it could not be built; the lines above say why" >&2
    exit 1
fi
rm -f "$log"
printf '%s' "$wanted" >"$built"
