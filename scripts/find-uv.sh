#!/bin/sh
# Prints the path of a uv that works here. Where there is none, it is installed into .venv-tools/.
set -eu
cd "$(dirname "$0")/.."
tools=.venv-tools

# A shim of pyenv may be on PATH for a uv that is not there, so it has to answer; uv.lock and the
# overrides in pyproject.toml need 0.5 or newer.
works() {
    version=$("$1" --version 2>/dev/null | sed -n 's/^uv \([0-9][0-9]*\.[0-9][0-9]*\).*/\1/p')
    case "$version" in
        '' | 0.[0-4]) return 1 ;;
    esac
}

for uv in uv "$tools/bin/uv" "$HOME/.local/bin/uv" "$HOME/.cargo/bin/uv"; do
    if works "$uv"; then
        command -v "$uv"
        exit 0
    fi
done

said=$(mktemp)
trap 'rm -f "$said"' EXIT
echo "Installing uv into $tools/ ..." >&2
for python in python3 python3.14 python3.13 python3.12 python3.11 python3.10 /usr/bin/python3 \
    "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.*/bin/python; do
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 8))' >/dev/null 2>&1 || continue
    rm -rf "$tools"
    # Debian's python3 has no venv without python3-venv, but may have a pip that can do without.
    if { "$python" -m venv "$tools" && "$tools/bin/python" -m pip install -q uv; } >"$said" 2>&1 ||
        "$python" -m pip install -q --target "$tools" uv >>"$said" 2>&1; then
        if works "$tools/bin/uv"; then
            command -v "$tools/bin/uv"
            exit 0
        fi
    fi
done
cat "$said" >&2
echo "setup: uv is not here and could not be installed; get it from your system's packages or" \
    "with: python3 -m pip install uv" >&2
exit 1
