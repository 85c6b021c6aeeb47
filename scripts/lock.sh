#!/usr/bin/env bash
# Writes the lock files anew from pyproject.toml, with the hash of every file, for every platform.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
.venv/bin/python -m venv "$tools"
"$tools/bin/pip" install --quiet uv
# uv does not read pip's configuration; no host is written into the lock files
if index=$("$tools/bin/pip" config get global.index-url 2>/dev/null); then
  export UV_DEFAULT_INDEX=$index
fi

# hatchling builds the project itself, without the network
compile() {
  echo hatchling | "$tools/bin/uv" pip compile --quiet --universal --python-version 3.11 \
    --generate-hashes --no-header --no-annotate --extra embedded "$@" pyproject.toml -
}

compile --extra test --upgrade --output-file requirements-test.lock
compile --constraint requirements-test.lock --output-file requirements.lock
