#!/bin/sh
# Prints the path of a Chromium for the tests of the panel; says on stderr which was chosen.
# An installed one first, then apt-get for root.
set -eu

look() {
    for name in "${GATEWAY_CHROMIUM:-}" chromium chromium-browser google-chrome; do
        [ -n "$name" ] || continue
        path=$(command -v "$name" || true)
        if [ -n "$path" ] && "$path" --version >/dev/null 2>&1; then
            echo "chromium: $("$path" --version 2>/dev/null) ($path)" >&2
            printf '%s\n' "$path"
            exit 0
        fi
    done
}

look
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "chromium: installing it with apt-get" >&2
    log=$(mktemp)
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium fonts-dejavu-core; } \
        >"$log" 2>&1 </dev/null || { echo "chromium: apt-get could not install it:" >&2; tail -n 3 "$log" >&2; }
    rm -f "$log"
    look
fi
echo "chromium: none found; install it (Debian: apt-get install chromium) or name it in GATEWAY_CHROMIUM" >&2
exit 1
