"""What a site says in its check-in of a new version: waiting, under way, installed or not. Pure; hawkBit's words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hosting.site_report import reported_moment, reported_number

EXECUTIONS = ("scheduled", "download", "downloaded", "proceeding", "closed", "rejected", "canceled")
RESULTS = ("none", "success", "failure")
UNDER_WAY = ("download", "downloaded", "proceeding")
LOG_CHARACTERS = 8192
WAITS = 12
MOST_SECONDS = 10**8


@dataclass(frozen=True, slots=True)
class UpdateReport:
    """One update of one site; `seconds` is how long it took, `log` the end of what a failed one wrote."""

    execution: str
    result: str
    version: str
    from_version: str
    transaction: str
    started_at: datetime | None
    seconds: int | None
    reason: str
    text: str
    waits: tuple[str, ...]
    log: str


def reported_versions(state: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the part of a state about updates, empty where it has none."""
    update = state.get("update")
    return update if isinstance(update, dict) else {}


def reported_update(image: object) -> UpdateReport | None:
    """Return what `update.image` of a state says, None where that is nothing."""
    if not isinstance(image, dict) or image.get("execution") not in EXECUTIONS or image.get("result") not in RESULTS:
        return None
    version = _text(image, "version", 64)
    if not version:
        return None
    waits = image.get("waits")
    return UpdateReport(
        execution=image["execution"],
        result=image["result"],
        version=version,
        from_version=_text(image, "from_version", 64),
        transaction=_text(image, "transaction", 36),
        started_at=reported_moment(image.get("started_at")),
        seconds=reported_number(image.get("seconds"), MOST_SECONDS),
        reason=_text(image, "reason", 40),
        text=_text(image, "text", 1000),
        waits=tuple(str(word)[:16] for word in waits[:WAITS] if _is_word(word)) if isinstance(waits, list) else (),
        log=_text(image, "log", LOG_CHARACTERS),
    )


def _text(image: Mapping[str, Any], name: str, most: int) -> str:
    value = image.get(name)
    # A NUL character is nothing that PostgreSQL stores.
    return value.replace("\x00", "")[-most:] if isinstance(value, str) else ""


def _is_word(value: object) -> bool:
    return isinstance(value, str) and value.replace(" ", "").replace("_", "").isalnum()
