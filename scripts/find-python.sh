#!/bin/sh
# Prints a CPython 3.10 for uv ($1): one that is here, or else "3.10", which lets uv download it.
set -eu
uv=$1

# Prints the interpreter itself: neither a shim of pyenv's nor an activated environment's.
interpreter() {
    "$1" -c 'import os, sys
if sys.version_info[:2] != (3, 10) or sys.implementation.name != "cpython":
    sys.exit(1)
print(os.path.realpath(sys.executable) if sys.prefix != sys.base_prefix else sys.executable)' 2>/dev/null
}

# pyenv has a python3.10 on PATH that does nothing but complain, and its own folder off PATH.
for python in "$("$uv" python find --system --no-python-downloads 'cpython@3.10' 2>/dev/null)" \
    python3.10 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.10*/bin/python; do
    if [ -n "$python" ] && interpreter "$python"; then
        exit 0
    fi
done
echo "No CPython 3.10 is here; uv will download one." >&2
echo 3.10
