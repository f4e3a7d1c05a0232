"""How a person installs a version on the host, where the appliance cannot do it itself: the exact commands. Pure.

Who installed the appliance says how: the variable `DCA_INSTALLATION` of compose/site.yaml and of the documented commands. Without
it the orchestrators are told by what they put into the environment of a container.
"""

import shlex
from collections.abc import Mapping
from typing import Final, Literal, get_args

from appliance.release import Release

Installation = Literal["compose", "docker", "podman", "quadlet", "swarm", "kubernetes"]

VARIABLE = "DCA_INSTALLATION"
REFERENCE_VARIABLE = "DCA_IMAGE"
DEFAULT_REFERENCE: Final = "dca/appliance:stable"

RUN_OPTIONS: Final = (
    "--name dca --restart always --stop-timeout 30 --publish 8080:8080 --volume dca-data:/data "
    "--read-only --tmpfs /tmp:mode=1777,size=64m --tmpfs /run/dca:uid=10001,gid=10001,mode=0700,size=8m "
    "--cap-drop ALL --security-opt no-new-privileges:true"
)
"""Of the documented `docker run`."""


def installation(environment: Mapping[str, str]) -> Installation:
    """Return how this appliance was installed, `docker` where nothing says so."""
    told = environment.get(VARIABLE, "").strip().lower()
    for known in get_args(Installation):
        if told == known:
            return known  # type: ignore[no-any-return]
    if environment.get("KUBERNETES_SERVICE_HOST"):
        return "kubernetes"
    return "podman" if environment.get("container") == "podman" else "docker"


def commands(release: Release, platform: str, environment: Mapping[str, str]) -> str:
    """Return the commands that install `release` on a host of `platform` (`linux/amd64`), one a line.

    The image is named by its digest, which the hosting team has signed: the registry cannot hand out another one.
    """
    how = installation(environment)
    reference = environment.get(REFERENCE_VARIABLE) or DEFAULT_REFERENCE
    source = pinned(release, platform)
    if source is None:
        return _from_archive(how, release, reference)
    if how == "swarm":
        return f"docker service update --image {source} dca"
    if how == "kubernetes":
        return f"kubectl set image deployment/dca dca={source}"
    engine = "podman" if how in ("podman", "quadlet") else "docker"
    fetch = [f"{engine} pull {source}", f"{engine} tag {source} {shlex.quote(reference)}"]
    return "\n".join(fetch + _start_anew(how, engine, reference))


def pinned(release: Release, platform: str) -> str | None:
    """Return the image of a release by its digest, None where it is in no registry for this platform."""
    made_for = release.platforms.get(platform)
    digest = (made_for and made_for.manifest) or release.index
    return f"{release.repository}@{digest}" if release.repository and digest else None


def _start_anew(how: Installation, engine: str, reference: str) -> list[str]:
    if how == "compose":
        return ["docker compose --file compose/site.yaml up --detach"]
    if how == "quadlet":
        return ["systemctl restart dca.service"]
    run = f"{engine} run --detach {RUN_OPTIONS} --env {VARIABLE}={how} {shlex.quote(reference)}"
    return [f"{engine} stop dca", f"{engine} rm dca", run]


def _from_archive(how: Installation, release: Release, reference: str) -> str:
    """Return the commands for an image that is in no registry, and that the service provider hands out as a file."""
    engine = "podman" if how in ("podman", "quadlet") else "docker"
    load = f"{engine} load --input dca-appliance-{release.version}.tar.gz"
    if how in ("swarm", "kubernetes"):
        return load
    tag = f"{engine} tag dca/appliance:{release.version} {shlex.quote(reference)}"
    return "\n".join([load, tag, *_start_anew(how, engine, reference)])
