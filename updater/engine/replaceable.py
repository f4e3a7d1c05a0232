"""Whether a container may be replaced by itself at all, or who else has the say over it. Pure."""

import re
from collections.abc import Mapping
from typing import Any

SOMEBODY_ELSES = {
    "com.docker.swarm.service.id": "Docker Swarm runs it. Update the service with `docker service update --image`",
    "io.kubernetes.pod.name": "Kubernetes runs it. Change the image in its deployment",
    "PODMAN_SYSTEMD_UNIT": "a unit of systemd (quadlet) makes it. Change the image in the unit",
}
"""Labels by which others mark what is theirs: they would put back what we replace."""
NETWORK_FILE_SYSTEMS = re.compile(r"nfs\d?|cifs|smb3?|smbfs|9p|afs|ceph|glusterfs|fuse\.(?:sshfs|glusterfs|ceph|s3fs|rclone)")
DOCKER_DESKTOP = "Docker Desktop"
IMAGE_ID = re.compile(r"(?:sha256:)?[0-9a-f]{12,64}")


def why_not(container: Mapping[str, Any]) -> str | None:
    """Return why this container, as the engine describes it, is not replaced, and what to do instead; None where it can be."""
    config, host = container.get("Config") or {}, container.get("HostConfig") or {}
    if host.get("AutoRemove"):
        return (
            "the engine deletes it, and its nameless volumes, as soon as it stops (--rm). Start it without --rm, and with "
            "--restart always"
        )
    labels = config.get("Labels") or {}
    for label, reason in SOMEBODY_ELSES.items():
        if label in labels:
            return reason
    reference = str(config.get("Image") or "")
    if "@" in reference or IMAGE_ID.fullmatch(reference):
        return f"it is pinned to one image ({reference}). Name the image by a tag, such as dca/appliance:stable"
    return None


def why_not_on(engine: str) -> str | None:
    """Return why no container is replaced on the engine of this name, and what to do instead; None where it can be."""
    if engine == DOCKER_DESKTOP:
        return (
            "Docker Desktop runs it, whose engine comes and goes with the person at the screen. Pull the new image and create the "
            "container anew in the way it was installed"
        )
    if engine.startswith("Podman"):
        return (
            "Podman does not tell by this API which fixed addresses and which health check it was given, so what takes its place "
            "could lack them. Pull the new image and create the container anew in the way it was installed"
        )
    return None


def is_network_file_system(kind: str) -> bool:
    """Return whether files on such a file system cannot be locked and made durable for certain."""
    return NETWORK_FILE_SYSTEMS.fullmatch(kind) is not None
