#!/bin/sh
# Runs the tests with what they need beside Python: Node, Chromium, the built panel, HAProxy, Helm, and PostgreSQL
# unless a server is named. Arguments go to pytest. Without one of them the rest still runs, and a line says what did
# not; CI accepts no gap.
set -eu

cd -P "$(dirname "$0")/.."

if [ -z "${GATEWAY_NODE:-}" ] || [ -z "${GATEWAY_NPM:-}" ]; then
    found=$(sh scripts/node.sh)
    GATEWAY_NODE=$(printf '%s\n' "$found" | sed -n 1p)
    GATEWAY_NPM=$(printf '%s\n' "$found" | sed -n 2p)
fi
export GATEWAY_NODE GATEWAY_NPM

if [ -z "${GATEWAY_TEST_POSTGRES_URL:-}" ] && [ -z "${GATEWAY_POSTGRES_BIN:-}" ]; then
    if GATEWAY_POSTGRES_BIN=$(sh scripts/postgres.sh); then
        export GATEWAY_POSTGRES_BIN
    elif [ -n "${CI:-}" ]; then
        exit 1
    else
        unset GATEWAY_POSTGRES_BIN
        echo "tests: everything that needs PostgreSQL is skipped" >&2
    fi
fi

if GATEWAY_CHROMIUM=$(sh scripts/chromium.sh) && sh scripts/panel.sh; then
    export GATEWAY_CHROMIUM
elif [ -n "${CI:-}" ]; then
    exit 1
else
    unset GATEWAY_CHROMIUM
    echo "tests: everything that opens the panel in a browser is skipped" >&2
fi

if GATEWAY_HAPROXY=$(sh scripts/balancer.sh); then
    export GATEWAY_HAPROXY
elif [ -n "${CI:-}" ]; then
    exit 1
else
    unset GATEWAY_HAPROXY
    echo "tests: everything that runs behind a balancer is skipped" >&2
fi

if GATEWAY_HELM=$(sh scripts/helm.sh); then
    export GATEWAY_HELM
elif [ -n "${CI:-}" ]; then
    exit 1
else
    unset GATEWAY_HELM
    echo "tests: the Helm chart is not rendered" >&2
fi

# The whole suite takes two processes: most tests wait for a server, a browser or a disk. A file stays in one of them,
# because its tests share what is slow to start.
if [ "$#" -eq 0 ]; then set -- -n "${GATEWAY_TEST_WORKERS:-2}" --dist loadfile; fi

exec .venv/bin/python -m pytest "$@"
