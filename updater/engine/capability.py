"""Whether this appliance can replace its own container: the answer of the engine, as a value that processes hand on."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from appliance.common.files import from_json
from appliance.common.message import Message, messages_from, with_messages
from appliance.common.record import record_of

Possibility = Literal["possible", "no socket", "no permission", "no engine", "not in a container", "not here", "unknown"]


@dataclass(frozen=True, slots=True)
class ImageUpdates:
    """What image updates are possible here, and why not."""

    state: Possibility
    text: str
    """One or two sentences: what was found, and what would change it."""
    engine: str | None = None
    engine_version: str | None = None
    api_version: str | None = None
    container_id: str | None = None
    container_name: str | None = None
    image: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the value as JSON, for `python -m updater probe` and `dca update status --json`."""
        document: dict[str, Any] = with_messages(asdict(self))
        return document

    @classmethod
    def from_json(cls, text: bytes) -> Self:
        """Return what `to_json` wrote. Raises ValueError when it is something else."""
        return record_of(cls, messages_from(from_json(text)))


NOT_YET_KNOWN = ImageUpdates("unknown", Message("The container engine has not been asked yet."))
