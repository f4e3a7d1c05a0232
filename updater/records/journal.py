"""The journal of the one replacement of the container that is under way, or was the last.

It holds decisions, not steps: a phase, and all that is needed to go on or back. Whoever reads it looks at the engine to see what
has been done. Each write leaves the old content or the new; the content before is kept beside it.
"""

import errno
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, Self, get_args

from appliance.common.files import from_json, sync_folder, to_json, write_atomic
from appliance.release import HealthGateTimes
from updater.engine.container_spec import ContainerSpec, Json

Phase = Literal["prepared", "switching", "committed", "done", "rolling_back", "rolled_back", "stuck", "superseded"]
FINISHED: tuple[Phase, ...] = ("done", "rolled_back", "superseded")
FORMAT = 1
RESERVE_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Old:
    """The container that is replaced."""

    id: str
    name: str
    image_id: str
    reference: str
    """What its user calls the image by."""
    inspect: Json
    """What the engine said of it before anything was changed."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """One replacement of the container."""

    transaction: str
    """12 hexadecimal digits."""
    phase: Phase
    started_at: str
    by: str
    """The account that wanted it, `console` or `auto`."""
    from_version: str
    from_counter: int
    to_release: Json
    """The release as it was signed."""
    old: Old
    new_image_id: str
    expected_digests: tuple[str, ...]
    spec: ContainerSpec | None
    """The new container; None where the journal was lost, so that only the way back is known."""
    restart_policy: Json
    """The user's own: the old container has none from the moment the switch begins."""
    api: tuple[int, int]
    hosting_url: str
    gate: HealthGateTimes = field(default_factory=HealthGateTimes)
    attempts: int = 0
    held: bool = False
    """A person has stopped the new version while it was being tried: it is left alone until somebody starts one of the two."""
    reason: str = ""
    """One word for why it goes back."""
    text: str = ""
    """The same for people."""

    @property
    def to_version(self) -> str:
        """The version that is installed."""
        return str(self.to_release.get("version") or "")

    @property
    def previous_name(self) -> str:
        """What the old container is called while the new one has its name."""
        return f"{self.old.name}-prev-{self.transaction}"

    def to_json(self) -> Json:
        """Return the value as JSON."""
        written = {each.name: getattr(self, each.name) for each in fields(self)}
        nested = {"old": asdict(self.old), "gate": asdict(self.gate), "spec": self.spec and self.spec.to_json()}
        return {"format": FORMAT} | written | nested

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Return what `to_json` wrote. Raises ValueError when it is something else."""
        if value.get("format") != FORMAT or value.get("phase") not in get_args(Phase):
            raise ValueError("that is no journal of this format")
        known = {each.name: value[each.name] for each in fields(cls) if each.name in value}
        try:
            major, minor = value["api"]
            return cls(
                **known
                | {
                    "old": Old(**value["old"]),
                    "gate": HealthGateTimes(**value["gate"]),
                    "spec": ContainerSpec.from_json(value["spec"]) if value["spec"] else None,
                    "expected_digests": tuple(value["expected_digests"]),
                    "api": (int(major), int(minor)),
                }
            )
        except (LookupError, TypeError, AttributeError) as error:
            raise ValueError(f"that is no journal: {error!r}") from error


class Journal:
    """The journal in the folder `update` of the data volume."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / "journal.json"
        self._previous = folder / "journal.prev.json"
        self._reserve = folder / "reserve"

    def read(self) -> Transaction | None:
        """Return the transaction, None where there never was one or nothing can be read.

        What was written before serves where the newest cannot be read: steps look at the engine, so an older phase does no harm.
        """
        for file in (self._file, self._previous):
            try:
                value = from_json(file.read_bytes())
                return Transaction.from_json(value if isinstance(value, dict) else {})
            except (OSError, ValueError):
                continue
        return None

    def write(self, transaction: Transaction) -> None:
        """Replace the journal. On a full disk the reserve is given up for it. Raises OSError when even that is not enough."""
        content = to_json(transaction.to_json())
        self.with_reserve(lambda: self._write(content))

    def with_reserve(self, write: Callable[[], None]) -> None:
        """Write, and on a full disk give up the reserve and write again. Raises OSError when even that is not enough."""
        try:
            write()
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT) or not self._reserve.exists():
                raise
            self._reserve.unlink()
            sync_folder(self.folder)
            write()

    def keep_reserve(self) -> None:
        """Take the space that a write may need later, on a disk that is full by then. Raises OSError where it is full already."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._reserve.exists() and self._reserve.stat().st_size == RESERVE_BYTES:
            return
        try:
            with self._reserve.open("wb") as stream:
                os.fchmod(stream.fileno(), 0o600)
                # Not zeros: file systems that compress would keep no room for these.
                stream.write(os.urandom(RESERVE_BYTES))
                stream.flush()
                os.fsync(stream.fileno())
        except OSError:
            self._reserve.unlink(missing_ok=True)
            raise
        sync_folder(self.folder)

    def _write(self, content: bytes) -> None:
        if self._file.exists():
            write_atomic(self._previous, self._file.read_bytes())
        write_atomic(self._file, content)
