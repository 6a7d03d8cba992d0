#!/bin/sh
# Says what ruff and mypy think of the code, all of it before giving up.
set -u

cd -P "$(dirname "$0")/.." || exit 1
status=0
.venv/bin/python -m ruff check . || status=1
.venv/bin/python -m ruff format --check --quiet . || { echo "lint: not formatted; run 'make format'" >&2; status=1; }
.venv/bin/python -m mypy || status=1
exit $status
