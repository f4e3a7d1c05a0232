"""The container engine, through its socket: the only importer of `docker`. Run in short-lived processes only.

The package is imported inside the functions that need it: an appliance without a socket never loads it.
"""

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from updater.errors import EngineError
from updater.image_updates import ImageUpdates
from updater.replaceable import file_system_of, is_network_file_system, why_not

if TYPE_CHECKING:
    from docker import APIClient

DEFAULT_HOST = "unix:///var/run/docker.sock"
TIMEOUT_SECONDS = 10
MOUNT_INFO = Path("/proc/self/mountinfo")
CONTAINER_MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))
# The engine mounts these files of the container's own folder; host name and control group say something else in many set-ups.
OWN_FOLDER = re.compile(r"/(?:overlay-)?containers/([0-9a-f]{64})/(?:userdata/)?(?:hostname|hosts|resolv\.conf)\b")


def own_container_id(mount_info: str) -> str | None:
    """Return the id of the container whose /proc/self/mountinfo this is, None outside a container."""
    found = OWN_FOLDER.search(mount_info)
    return found.group(1) if found else None


def probe(environment: Mapping[str, str] = os.environ, *, mount_info: Path = MOUNT_INFO) -> ImageUpdates:
    """Return what image updates are possible here. Reads only: nothing is changed in the engine."""
    mounts = mount_info.read_text(encoding="utf-8", errors="replace")
    container = own_container_id(mounts)
    if container is None and not any(mark.exists() for mark in CONTAINER_MARKS):
        return ImageUpdates(
            "not in a container", "This appliance does not run in a container. Update it in the way it was installed."
        )
    host = environment.get("DOCKER_HOST") or DEFAULT_HOST
    if host.startswith("unix://") and (closed := _closed(Path(host.removeprefix("unix://")), container)):
        return closed
    try:
        answer = _ask(host, container)
    except EngineError as error:
        return ImageUpdates("no engine", str(error), container_id=container)
    data = PurePosixPath(environment.get("DCA_DATA_DIR") or "/data")
    if answer.state == "possible" and is_network_file_system(kind := file_system_of(mounts, data)):
        text = (
            f"The data folder {data} lies on a network file system ({kind}), where an update cannot be kept safe from a power cut."
        )
        return replace(answer, state="not here", text=f"{text} Put it on a disk of this host.")
    return answer


def _closed(socket_file: Path, container: str | None) -> ImageUpdates | None:
    """Return why the socket cannot be used, None when it can be opened."""
    try:
        status = socket_file.stat()
        if not stat.S_ISSOCK(status.st_mode):
            raise FileNotFoundError
    except OSError:
        return ImageUpdates(
            "no socket",
            f"The socket of the container engine is not at {socket_file}. To let the appliance install new versions itself, "
            "mount it into the container; without it everything else works, and new versions are announced.",
            container_id=container,
        )
    if not os.access(socket_file, os.R_OK | os.W_OK):
        return ImageUpdates(
            "no permission",
            f"User {os.getuid()} may not use the socket {socket_file}. Add the group of the socket to the container "
            f"(group_add: {status.st_gid}).",
            container_id=container,
        )
    return None


def connect(host: str) -> "APIClient":
    """Return a client of the engine at `host`, speaking the newest API both know. Raises EngineError."""
    import docker  # noqa: PLC0415 - see the module docstring
    from docker.errors import DockerException  # noqa: PLC0415

    try:
        return docker.APIClient(base_url=host, version="auto", timeout=TIMEOUT_SECONDS)
    except (DockerException, OSError) as error:
        raise EngineError(
            f"The container engine does not answer at {host}. Check that it runs and that the socket is its own."
        ) from error


def _ask(host: str, container: str | None) -> ImageUpdates:
    """Return the answer of an engine whose socket can be opened. Raises EngineError."""
    from docker.errors import APIError, NotFound  # noqa: PLC0415
    from requests.exceptions import RequestException  # noqa: PLC0415 - what the package lets through

    client = connect(host)
    try:
        version = client.version()
        found = client.inspect_container(container) if container else None
    except NotFound:
        found = None
    except (APIError, RequestException) as error:
        raise EngineError(f"The container engine at {host} did not answer a question about this container: {error}.") from error
    finally:
        client.close()
    return _judge(version, found, container)


def _judge(version: Mapping[str, Any], found: Mapping[str, Any] | None, container: str | None) -> ImageUpdates:
    engine = next((str(part.get("Name")) for part in version.get("Components") or () if part.get("Name")), "Engine")
    known = {
        "engine": engine,
        "engine_version": str(version.get("Version") or ""),
        "api_version": str(version.get("ApiVersion") or ""),
        "container_id": container,
    }
    if found is None:
        return ImageUpdates(
            "no engine",
            f"{engine} {known['engine_version']} does not know the container this appliance runs in. Mount the socket of the "
            "engine that runs it.",
            **known,
        )
    name = str(found.get("Name", "")).lstrip("/")
    known |= {"container_name": name, "image": str((found.get("Config") or {}).get("Image") or found.get("Image") or "")}
    if reason := why_not(found):
        return ImageUpdates("not here", f"The container {name} is not replaced: {reason}.", **known)
    told = f"{engine} {known['engine_version']} (API {known['api_version']}) can replace the container {name}."
    return ImageUpdates("possible", told, **known)
