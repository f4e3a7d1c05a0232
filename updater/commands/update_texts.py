"""What `dca update status` prints for people. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from updater.engine.capability import ImageUpdates

HISTORY_SHOWN = 5
_OUTCOMES = {
    "installed": "installed",
    "rolled_back": "taken back",
    "failed": "not installed",
    "refused": "refused",
    "superseded": "left to somebody else",
    "stuck": "stuck",
}


def status_lines(version: str, found: ImageUpdates, update: Mapping[str, Any] | None) -> list[str]:
    """Return the lines; `update` is the answer of `GET /v1/update`, None while the appliance does not run."""
    lines = [f"Installed: {version}", f"Image updates: {found.state}. {found.text}"]
    if update is None:
        return lines
    image = update.get("image") or {}
    return [*lines, *_offer(image), *_when(update.get("level"), image), *_under_way(image), *_past(image)]


def _offer(image: Mapping[str, Any]) -> Iterator[str]:
    decision = image.get("decision")
    if decision is None:
        yield "Offered: nothing yet."
        return
    if not decision["version"]:
        yield f"Offered: nothing. {decision['text']}"
        return
    yield f"Offered: {decision['version']}. {decision['text']}"
    if decision["waits"]:
        yield f"It waits for: {', '.join(decision['waits'])}"
    for line in decision["notes"].splitlines():
        yield f"    {line}".rstrip()
    if command := image.get("command"):
        yield "To install it by hand, run on the host:"
        yield from (f"    {line}" for line in command.splitlines())


def _when(level: Any, image: Mapping[str, Any]) -> Iterator[str]:
    window = image.get("window") or "any time"
    opens = f" (opens {image['next_window_at']})" if image.get("next_window_at") else ""
    yield f"Level: {level}; window: {window}{opens}; held until: {image.get('hold_until') or 'no hold'}"
    for denied in image.get("denied") or ():
        yield f"Left alone: {denied['version']} since {denied['at']} ({denied['reason']}). `dca update allow {denied['version']}`"


def _under_way(image: Mapping[str, Any]) -> Iterator[str]:
    if image.get("degraded"):
        yield f"Degraded: {image['degraded']}"
    said = image.get("progress") or {}
    if image.get("installing"):
        percent = f", {said['percent']} %" if said.get("percent") is not None else ""
        yield f"Under way: {image['installing']}: {said.get('stage', 'begun')}{percent}. {said.get('text', '')}".rstrip()


def _past(image: Mapping[str, Any]) -> Iterator[str]:
    for row in (image.get("history") or ())[:HISTORY_SHOWN]:
        outcome = _OUTCOMES.get(row["outcome"], row["outcome"])
        moved = f"{row['from_version']} -> {row['to_version']}"
        yield f"{row['finished_at']}: {moved} {outcome} in {row['seconds']:.0f} s. {row['text']}"
