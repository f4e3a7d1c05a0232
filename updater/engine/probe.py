"""Whether this appliance can replace its own container: what the engine says. Run in short-lived processes only."""

import argparse
import os
import socket
import stat
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from appliance.common.files import to_json
from appliance.common.message import Message, message_of, sentences
from updater.engine.capability import ImageUpdates
from updater.engine.container_spec import Inspected
from updater.engine.engine import DEFAULT_HOST, Engine, EngineVersion
from updater.engine.mounts import file_system_of
from updater.engine.own_container import MOUNT_INFO, own_container_id, proved
from updater.engine.replaceable import is_network_file_system, why_not, why_not_on
from updater.errors import EngineError

TIMEOUT_SECONDS = 10
CONTAINER_MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare how it is run: without options."""
    parser.set_defaults(run=_run)


def _run(_options: argparse.Namespace) -> int:
    print(to_json(probe().to_json()).decode())
    return 0


def probe(environment: Mapping[str, str] = os.environ, *, mount_info: Path = MOUNT_INFO) -> ImageUpdates:
    """Return what image updates are possible here. Reads only: nothing is changed in the engine."""
    mounts = mount_info.read_text(encoding="utf-8", errors="replace")
    container = own_container_id(mounts)
    if container is None and not any(mark.exists() for mark in CONTAINER_MARKS):
        return ImageUpdates(
            "not in a container", Message("This appliance does not run in a container. Update it in the way it was installed.")
        )
    host = environment.get("DOCKER_HOST") or DEFAULT_HOST
    if host.startswith("unix://") and (closed := _closed(Path(host.removeprefix("unix://")), container)):
        return closed
    try:
        with Engine.open(environment, timeout=TIMEOUT_SECONDS) as engine:
            found = proved(engine, mount_info)
            answer = _judge(engine.version(), found, container)
            if answer.state == "possible" and found and (sharing := engine.sharing_network(found)):
                answer = replace(answer, text=sentences(answer.text, network_warning(sharing)))
    except EngineError as error:
        return ImageUpdates("no engine", message_of(error), container_id=container)
    data = PurePosixPath(environment.get("DCA_DATA_DIR") or "/data")
    if answer.state == "possible" and is_network_file_system(kind := file_system_of(mounts, data)):
        text = Message(
            "The data folder %(data)s lies on a network file system (%(kind)s), where an update cannot be "
            "kept safe from a power cut.",
            data=data,
            kind=kind,
        )
        return replace(answer, state="not here", text=Message("%(text)s Put it on a disk of this host.", text=text))
    return answer


def network_warning(sharing: Sequence[str]) -> str:
    """Return what becomes of containers that use the network of the appliance: they keep that of the container that is gone."""
    return Message(
        "Containers that use its network are cut off by an update until they are restarted: %(names)s.", names=", ".join(sharing)
    )


def _closed(socket_file: Path, container: str | None) -> ImageUpdates | None:
    """Return why the socket cannot be used, None when it can be opened."""
    try:
        status = socket_file.stat()
        if not stat.S_ISSOCK(status.st_mode):
            raise FileNotFoundError
    except OSError:
        return ImageUpdates(
            "no socket",
            Message(
                "The socket of the container engine is not at %(socket_file)s. To let the appliance install new "
                "versions itself, mount it into the container; without it everything else works, and new "
                "versions are announced.",
                socket_file=socket_file,
            ),
            container_id=container,
        )
    if not os.access(socket_file, os.R_OK | os.W_OK):
        return ImageUpdates(
            "no permission",
            Message(
                "User %(user)s may not use the socket %(socket_file)s. Add the group of the socket to the "
                "container (group_add: %(st_gid)s).",
                user=os.getuid(),
                socket_file=socket_file,
                st_gid=status.st_gid,
            ),
            container_id=container,
        )
    if _is_dead(socket_file):
        return ImageUpdates(
            "no engine",
            Message(
                "The container engine does not answer at %(socket_file)s: nobody listens there. Check that it runs. Where it was "
                "restarted while this container ran on (live-restore), the container has the socket of before: restart the "
                "container, and mount the folder of the socket in place of the file, which survives that (site guide).",
                socket_file=socket_file,
            ),
            container_id=container,
        )
    return None


def _is_dead(socket_file: Path) -> bool:
    """Return whether nobody listens at a socket: its engine has ended, or has made another file in its place."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(TIMEOUT_SECONDS)
        try:
            client.connect(str(socket_file))
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
    return False


def _judge(version: EngineVersion, found: Inspected | None, container: str | None) -> ImageUpdates:
    known = {
        "engine": version.name,
        "engine_version": version.version,
        "api_version": ".".join(str(number) for number in version.api),
        "container_id": container,
    }
    if found is None:
        return ImageUpdates(
            "no engine",
            Message(
                "%(name)s %(version)s does not know the container this appliance runs in. Mount the socket of "
                "the engine that runs it.",
                name=version.name,
                version=version.version,
            ),
            **known,
        )
    name = str(found.get("Name", "")).lstrip("/")
    known |= {
        "container_id": str(found["Id"]),
        "container_name": name,
        "image": str((found.get("Config") or {}).get("Image") or found.get("Image") or ""),
    }
    if reason := why_not_on(version.name) or why_not(found):
        return ImageUpdates(
            "not here", Message("The container %(name)s is not replaced: %(reason)s.", name=name, reason=reason), **known
        )
    told = Message(
        "%(name)s %(version)s (API %(api_version)s) can replace the container %(container)s.",
        name=version.name,
        version=version.version,
        api_version=known["api_version"],
        container=name,
    )
    return ImageUpdates("possible", told, **known)
