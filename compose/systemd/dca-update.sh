#!/bin/sh
# Installs the version that an appliance without the engine's socket wants, on its host: the file wanted.json in its data folder
# says which, and is there only while level, window, hold and cohort let it be installed. Run by dca-update.service.
#
# The appliance is not believed further than that: the image has to be of DCA_REPOSITORY and is pulled by its digest, and how it is
# run says the compose file of the host alone. When the new version does not become healthy the image before is put back.
set -eu

wanted=${DCA_WANTED:-/var/lib/docker/volumes/dca_data/_data/update/wanted.json}
compose_file=${DCA_COMPOSE_FILE:-/opt/dca/compose/site.yaml}
reference=${DCA_IMAGE:-dca/appliance:stable}
healthy_seconds=${DCA_HEALTHY_SECONDS:-300}
docker=${DOCKER:-docker}

fail() {
    echo "dca-update: $*" >&2
    exit 1
}

[ -s "$wanted" ] || exit 0
[ -n "${DCA_REPOSITORY:-}" ] || fail "DCA_REPOSITORY is not set. Name the repository of your service provider in dca-update.service."
image=$(sed -n 's/.*"image":"\([^"]*\)".*/\1/p' "$wanted" | head -n 1)
case $image in
"$DCA_REPOSITORY@sha256:"*) ;;
*) fail "$wanted names the image '$image', which is none of $DCA_REPOSITORY. Nothing was changed." ;;
esac
digest=${image#"$DCA_REPOSITORY@sha256:"}
printf '%s\n' "$digest" | grep -Eqx '[0-9a-f]{64}' || fail "$wanted names no image by its digest. Nothing was changed."

up() {
    DCA_IMAGE=$reference "$docker" compose --file "$compose_file" up --detach --pull never --wait --wait-timeout "$healthy_seconds"
}

"$docker" pull --quiet "$image" >/dev/null || fail "$image could not be pulled. The appliance goes on as it is."
new=$("$docker" image inspect --format '{{.Id}}' "$image")
old=$("$docker" image inspect --format '{{.Id}}' "$reference" 2>/dev/null || true)
if [ "$new" = "$old" ]; then
    echo "dca-update: $image is installed already."
    exit 0
fi
[ -z "$old" ] || "$docker" tag "$old" "${reference%:*}:before-update"
"$docker" tag "$new" "$reference"
if up; then
    echo "dca-update: $image is installed."
    exit 0
fi
[ -n "$old" ] || fail "$image did not become healthy within $healthy_seconds s, and there is no image before it."
"$docker" tag "$old" "$reference"
up || fail "Neither $image nor the image before became healthy. Look at: $docker compose --file $compose_file logs"
fail "$image did not become healthy within $healthy_seconds s. The image before is in place again."
