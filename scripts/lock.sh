#!/bin/sh
# Rewrites the hashed requirements from pyproject.toml. The files name no index, so that they
# serve behind any mirror.
set -eu
cd "$(dirname "$0")/.."

compile() {
  out=$1
  shift
  .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-header --no-annotate --upgrade -o "requirements/$out.txt" "$@"
}

compile agent pyproject.toml
compile server pyproject.toml --extra server
compile scan pyproject.toml --extra scan
compile dev pyproject.toml --extra server --group dev
printf 'hatchling>=1.27,<2\neditables>=0.5\n' | compile build -
