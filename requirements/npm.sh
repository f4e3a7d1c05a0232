#!/bin/sh
# npm.sh PYTHON: print the npm to use: the machine's own where it has one, else the one PyPI carries, installed from its lock file.
set -eu
python=$1
if npm=$(command -v npm) && "$npm" --version >/dev/null 2>&1; then
    echo "$npm"
    exit 0
fi
"$python" -m pip install -q --disable-pip-version-check --require-hashes -r requirements/node.lock >&2
echo "$(cd "$(dirname "$python")" && pwd)/npm"
