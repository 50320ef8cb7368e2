#!/bin/sh
# Installs what uv.lock names into .venv/, and leaves a stamp. Arguments go to `uv sync`.
# usage: setup.sh STAMP [ARGUMENT ...]
set -eu
cd "$(dirname "$0")/.."
stamp=$1
shift
unset VIRTUAL_ENV UV_PROJECT_ENVIRONMENT UV_PYTHON PYTHONHOME PYTHONPATH
uv=$(scripts/find-uv.sh)
python=$(scripts/find-python.sh "$uv")
echo "Installing into .venv/ (CPython 3.10 and about 2.5 GB of packages) ..."
if ! "$uv" sync --quiet --frozen --python "$python" "$@"; then
    echo "setup: installing failed; the reason stands above." \
        "It needs CPython 3.10 and the Python package index." >&2
    exit 1
fi
touch "$stamp"
