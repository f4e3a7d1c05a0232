#!/bin/sh
# conformance.sh SUITE PYTHON DCA: run theupdateframework/tuf-conformance, checked out in SUITE, against `DCA trust`.
set -eu
suite=${1:-} python=$2 dca=$3
venv=build/conformance

if [ ! -f "$suite/pyproject.toml" ] || [ ! -d "$suite/tuf_conformance" ]; then
    echo "'$suite' has no checkout of theupdateframework/tuf-conformance. Name one: make conformance TUF_CONFORMANCE=DIR" >&2
    exit 1
fi
command -v faketime >/dev/null || {
    echo "The suite sets the clock of the client with faketime. Install it first: sudo apt-get install faketime" >&2
    exit 1
}
# The suite has a TUF library of its own, older than ours at times.
[ -x "$venv/bin/pip" ] || "$python" -m venv "$venv"
"$venv/bin/pip" install -q --disable-pip-version-check --editable "$suite"
exec "$venv/bin/pytest" -p no:cacheprovider "$suite/tuf_conformance" --entrypoint "$dca trust"
