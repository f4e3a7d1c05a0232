#!/bin/sh
# install.sh PYTHON VENV LOCK: make VENV and install exactly what LOCK names, then this repository in editable form.
set -eu
python=$1 venv=$2 lock=$3

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Python 3.11 or newer is needed, $python is $("$python" --version 2>&1). Name another one: make PYTHON=python3.13" >&2
    exit 1
}
if [ ! -x "$venv/bin/pip" ]; then
    echo "Making the virtual environment in $venv ..."
    rm -rf "$venv"
    if ! "$python" -m venv "$venv" 2>/dev/null; then
        # Debian keeps the part of Python that fills a virtual environment in a package of its own.
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q python3-venv
            "$python" -m venv "$venv"
        else
            echo "Python cannot make a virtual environment here. Install it first: sudo apt-get install python3-venv" >&2
            exit 1
        fi
    fi
fi
echo "Installing $(grep -c '==' "$lock") packages from $lock ..."
"$venv/bin/pip" install -q --disable-pip-version-check --require-hashes -r "$lock" -r requirements/build.lock
"$venv/bin/pip" install -q --disable-pip-version-check --no-deps --no-build-isolation --editable .
