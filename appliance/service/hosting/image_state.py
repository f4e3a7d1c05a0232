"""What a check-in tells of the versions of this appliance: what waits, what is being installed, what became of it. Pure.

The words are those of hawkBit's feedback for deployments, so that whoever runs a fleet knows them: `execution` says how far it is,
`result` how it went. Nothing in it changes while nothing happens: a state that stays the same is not told again.
"""

from collections.abc import Collection, Mapping
from typing import Any

LOG_BYTES = 8192
_BY_STAGE = {
    "checking": "download",
    "downloading": "download",
    "loading": "download",
    "preflight": "downloaded",
    "preparing": "downloaded",
    "switching": "proceeding",
    "gate": "proceeding",
    "finishing": "proceeding",
    "rolling_back": "proceeding",
    "stuck": "closed",
}
"""Words by the stage of what is under way."""
_BY_OUTCOME = {
    "installed": ("closed", "success"),
    "rolled_back": ("closed", "failure"),
    "failed": ("closed", "failure"),
    "stuck": ("closed", "failure"),
    "refused": ("rejected", "failure"),
    "superseded": ("canceled", "none"),
}

Json = Mapping[str, Any]


def untold_ends(image: Json, told: Collection[str]) -> list[str]:
    """Return the marks of what has ended and was not told yet, in the order in which it ended."""
    return [mark for row in reversed(image.get("history") or []) if (mark := _mark(row)) not in told]


def image_state(image: Json, installed: str, untold: str = "") -> dict[str, Any] | None:
    """Return `update.image` of the state, None where there was never anything to install.

    `image` is that of the status of the supervisor, `installed` the version that runs, `untold` the mark of what has ended and is
    told now, whatever else there is: each end is told, also where another version is offered or under way by then.
    """
    if row := next((row for row in image.get("history") or [] if untold and _mark(row) == untold), None):
        return _ended(row, [], None)
    decision, progress = image.get("decision") or {}, image.get("progress") or {}
    history = image.get("history") or []
    last = history[0] if history else {}
    offered = decision.get("version") if decision.get("state") in ("available", "due") else None
    if progress:
        return _under_way(progress, image.get("installing") or offered, image.get("from_version") or installed)
    if offered and (not last or offered != last.get("to_version") or last.get("outcome") == "installed"):
        return _waiting(decision, installed)
    if last:
        return _ended(last, list(decision.get("waits") or ()), image.get("degraded"))
    return None


def _mark(row: Json) -> str:
    """Return what tells an end from others: a transaction that was stuck can end otherwise later."""
    return f"{row.get('transaction')} {row.get('outcome')}"


def _under_way(progress: Json, version: str | None, from_version: str) -> dict[str, Any]:
    stuck = progress.get("stage") == "stuck"
    return _told(
        execution=_BY_STAGE.get(str(progress.get("stage")), "proceeding"),
        result="failure" if stuck else "none",
        version=version,
        from_version=from_version,
        transaction=progress.get("transaction") or "",
        reason="stuck" if stuck else "",
        text=str(progress.get("text") or "") if stuck else "",
    )


def _waiting(decision: Json, installed: str) -> dict[str, Any]:
    return _told(
        execution="scheduled",
        version=decision["version"],
        from_version=installed,
        text=str(decision.get("text") or ""),
        waits=list(decision.get("waits") or ()),
    )


def _ended(last: Json, waits: list[str], degraded: str | None) -> dict[str, Any]:
    execution, result = _BY_OUTCOME.get(str(last.get("outcome")), ("closed", "none"))
    installed = result == "success"
    return _told(
        execution=execution,
        result=result,
        version=last.get("to_version"),
        from_version=last.get("from_version"),
        transaction=str(last.get("transaction") or ""),
        started_at=last.get("started_at"),
        seconds=last.get("seconds"),
        reason="degraded" if installed and degraded else str(last.get("reason") or ""),
        text=degraded if installed and degraded else str(last.get("text") or ""),
        waits=waits,
        log="" if installed else _tail(str(last.get("log") or "")),
    )


def _told(**said: Any) -> dict[str, Any]:
    return {
        "execution": "scheduled",
        "result": "none",
        "version": None,
        "from_version": None,
        "transaction": "",
        "started_at": None,
        "seconds": None,
        "reason": "",
        "text": "",
        "waits": [],
        "log": "",
    } | said


def _tail(text: str) -> str:
    return text.encode()[-LOG_BYTES:].decode(errors="ignore")
