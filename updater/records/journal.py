"""The journal of the one replacement of the container that is under way, or was the last.

It holds decisions, not steps: a phase, and all that is needed to go on or back. Whoever reads it looks at the engine to see what
has been done. Each write leaves the old content or the new; the content before is kept beside it.
"""

import errno
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints

from appliance.common.files import from_json, sync_folder, to_json, write_atomic
from appliance.common.record import LONGEST_SECONDS, Count, Moment, record_of
from appliance.release import HealthGateTimes
from updater.engine.container_spec import ContainerSpec, Json
from updater.engine.labels import TRANSACTION
from updater.records.json_file import keep_aside

Phase = Literal["prepared", "switching", "committed", "done", "rolling_back", "rolled_back", "stuck", "superseded"]
FINISHED: tuple[Phase, ...] = ("done", "rolled_back", "superseded")
FILE, PREVIOUS_FILE = "journal.json", "journal.prev.json"
FORMAT = 1
RESERVE_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class _SignedPlatform:
    config: str


@dataclass(frozen=True, slots=True)
class _SignedRelease:
    """What is used of a release once it is in the journal; of one without signature there is less."""

    version: str = ""
    counter: Count | None = None
    switcher: Literal["old", "new"] = "old"
    platforms: dict[str, _SignedPlatform] = field(default_factory=dict)
    late_rollback: bool = False


@dataclass(frozen=True, slots=True)
class _InspectedConfig:
    Env: list[str] | None = None
    Labels: dict[str, str] | None = None
    User: str | None = None
    Image: str | None = None
    StopTimeout: Annotated[int, Field(le=LONGEST_SECONDS)] | None = None


@dataclass(frozen=True, slots=True)
class _InspectedHost:
    NetworkMode: str | None = None
    RestartPolicy: Json | None = None


@dataclass(frozen=True, slots=True)
class _InspectedMount:
    Type: str
    Destination: str
    Name: str | None = None
    Source: str | None = None


@dataclass(frozen=True, slots=True)
class _InspectedNetworks:
    Networks: dict[str, Json | None] | None = None


@dataclass(frozen=True, slots=True)
class _Inspected:
    """What every replacement looks at in what an engine says of a container."""

    Id: str
    Name: str
    Config: _InspectedConfig
    HostConfig: _InspectedHost
    Mounts: list[_InspectedMount] | None = None
    NetworkSettings: _InspectedNetworks | None = None


def _release(value: Json) -> Json:
    record_of(_SignedRelease, value)
    return value


def _container(value: Json) -> Json:
    if value:  # it is not known where the journal was lost
        record_of(_Inspected, value)
    return value


def _within_bounds(gate: HealthGateTimes) -> HealthGateTimes:
    if not all(0 <= seconds <= LONGEST_SECONDS for seconds in (gate.deadline_seconds, gate.steady_seconds)):
        raise ValueError("no gate lasts so long")
    return gate


Gate = Annotated[HealthGateTimes, AfterValidator(_within_bounds)]
TransactionId = Annotated[str, StringConstraints(pattern=f"^{TRANSACTION.pattern}$")]
"""12 hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class Old:
    """The container that is replaced."""

    id: str
    name: str
    image_id: str
    reference: str
    """What its user calls the image by."""
    inspect: Annotated[Json, AfterValidator(_container)]
    """What the engine said of it before anything was changed."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """One replacement of the container."""

    transaction: TransactionId
    phase: Phase
    started_at: Moment
    by: str
    """The account that wanted it, `console` or `auto`."""
    from_version: str
    from_counter: Count
    to_release: Annotated[Json, AfterValidator(_release)]
    """The release as it was signed."""
    old: Old
    new_image_id: str
    expected_digests: tuple[str, ...]
    spec: ContainerSpec | None
    """The new container; None where the journal was lost, so that only the way back is known."""
    restart_policy: Json
    """The user's own: the old container has none from the moment the switch begins."""
    api: tuple[Count, Count]
    hosting_url: str
    gate: Gate = field(default_factory=HealthGateTimes)
    attempts: Count = 0
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
        if value.get("format") != FORMAT:
            raise ValueError("that is no journal of this format")
        return record_of(cls, value)


class Journal:
    """The journal in the folder `update` of the data volume."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / FILE
        self._previous = folder / PREVIOUS_FILE
        self._reserve = folder / "reserve"

    def read(self) -> Transaction | None:
        """Return the transaction, None where there never was one or nothing can be read.

        What was written before serves where the newest cannot be read: steps look at the engine, so an older phase does no harm.
        """
        for file in (self._file, self._previous):
            try:
                return read_transaction(file)
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
        try:
            read_transaction(self._file)
        except FileNotFoundError:
            pass
        except (OSError, ValueError):
            keep_aside(self._file)  # what was written before it may be good
        else:
            write_atomic(self._previous, self._file.read_bytes())
        write_atomic(self._file, content)


def read_transaction(file: Path) -> Transaction:
    """Return the transaction in a journal. Raises OSError, and ValueError for what is none."""
    value = from_json(file.read_bytes())
    return Transaction.from_json(value if isinstance(value, dict) else {})
