"""Which container this process runs in: what the kernel hints at, and a mark by which it is proved.

The engine mounts files of a container's folder, but with a network that is shared they are those of the container that owns it;
host name and control group say something else in many set-ups. So a hint is only a candidate: our container is the one in
which a command that the engine runs there finds the mark that this process has made, in the same mount namespace (namespaces(7)).
"""

import re
import secrets
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from updater.engine.container_spec import Json
from updater.engine.labels import ROLE_LABEL, labels_of
from updater.errors import EngineError

MOUNT_INFO = Path("/proc/self/mountinfo")
CONTROL_GROUPS = Path("/proc/self/cgroup")
OWN_NAMESPACE = Path("/proc/self/ns/mnt")
OWN_FOLDER = re.compile(r"/(?:overlay-)?containers/([0-9a-f]{64})/(?:userdata/)?(?:hostname|hosts|resolv\.conf)\b")
CONTAINER_ID = re.compile(r"\b[0-9a-f]{64}\b")
MARK_SECONDS = 10.0
"""For a command that looks whether a file is there, on a host that has much else to do."""
LOOK = "import os, sys; sys.exit(not (os.path.exists(sys.argv[1]) and os.readlink(sys.argv[2]) == sys.argv[3]))"


def own_container_id(mount_info: str) -> str | None:
    """Return the id that this /proc/self/mountinfo hints at, None outside a container. Pure."""
    found = OWN_FOLDER.search(mount_info)
    return found.group(1) if found else None


def candidates(mount_info: str, control_groups: str) -> tuple[str, ...]:
    """Return the ids that may be that of our own container, the likeliest first. Pure."""
    hint = own_container_id(mount_info)
    return tuple(dict.fromkeys([*([hint] if hint else []), *CONTAINER_ID.findall(control_groups)]))


@contextmanager
def own_mark() -> Iterator[Sequence[str]]:
    """Make the mark, and yield the command that ends with 0 where the mark is seen: in the container of this process alone."""
    with tempfile.TemporaryDirectory(prefix="dca-own-") as folder:
        Path(folder).chmod(0o711)  # the command may be run as another user
        mark = Path(folder) / secrets.token_hex(16)
        mark.touch()
        yield ("python3", "-S", "-P", "-c", LOOK, str(mark), str(OWN_NAMESPACE), str(OWN_NAMESPACE.readlink()))


class Asked(Protocol):
    """What is asked of the engine."""

    def container(self, reference: str) -> Json | None:
        """Return what is known of a container, None where there is none."""

    def containers(self, labels: Mapping[str, str]) -> list[Json]:
        """Return all containers with these labels."""

    def run(self, container: str, command: Sequence[str], seconds: float) -> int | None:
        """Return the exit code of a command that was run in a container."""


def proved(engine: Asked, mount_info: Path) -> Json | None:
    """Return our own container, None where the engine does not know it. Raises EngineError.

    Where a proxy of the socket lets nothing be run, a hint counts that has a label of ours.
    """
    hints = candidates(_text_of(mount_info), _text_of(CONTROL_GROUPS))
    if not hints:
        return None
    hinted = [found for hint in hints if (found := engine.container(hint)) is not None]
    try:
        with own_mark() as command:
            if own := next((found for found in hinted if _sees(engine, found, command)), None):
                return own
            # On the network of another container the hint is that one.
            known = {found["Id"] for found in hinted}
            ours = [found for found in engine.containers({ROLE_LABEL: ""}) if found["Id"] not in known]
            return next((found for found in ours if _sees(engine, found, command)), None)
    except EngineError as error:
        if not error.forbidden:
            raise
    return next((found for found in hinted if ROLE_LABEL in labels_of(found)), None)


def _sees(engine: Asked, found: Json, command: Sequence[str]) -> bool:
    try:
        return engine.run(str(found["Id"]), command, MARK_SECONDS) == 0
    except EngineError as error:
        if error.kind in ("unreachable", "broken") or error.forbidden:
            raise
        return False  # it does not run, or has no such program


def _text_of(file: Path) -> str:
    with suppress(OSError):
        return file.read_text(encoding="utf-8", errors="replace")
    return ""
