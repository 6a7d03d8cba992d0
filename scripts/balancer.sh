#!/bin/sh
# Prints the path of an HAProxy for the tests of the deployment; says on stderr which was chosen.
# An installed one first, then apt-get for root.
set -eu

look() {
    # Debian keeps it where only root looks.
    for name in "${GATEWAY_HAPROXY:-}" haproxy /usr/sbin/haproxy /usr/local/sbin/haproxy; do
        [ -n "$name" ] || continue
        path=$(command -v "$name" || true)
        if [ -n "$path" ] && "$path" -v >/dev/null 2>&1; then
            echo "balancer: $("$path" -v 2>/dev/null | head -n 1 | cut -d' ' -f1-3) ($path)" >&2
            printf '%s\n' "$path"
            exit 0
        fi
    done
}

look
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "balancer: installing HAProxy with apt-get" >&2
    log=$(mktemp)
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends haproxy; } \
        >"$log" 2>&1 </dev/null || { echo "balancer: apt-get could not install it:" >&2; tail -n 3 "$log" >&2; }
    rm -f "$log"
    look
fi
echo "balancer: none found; install HAProxy (Debian: apt-get install haproxy) or name it in GATEWAY_HAPROXY" >&2
exit 1
