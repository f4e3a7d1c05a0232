"""The signed configuration as the page shows it: what is in force, what each document set, and what became of what came."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from appliance.common.message import Message
from appliance.report.condition import Level
from appliance.settings.configuration_state import Configuration, Outcome, Received, ReceivedLayer
from appliance.settings.layers import Effective
from appliance.settings.presentation import in_words

OUTCOMES_SHOWN = 20
LEVELS: Mapping[str, str] = {
    "off": Message("Off: nothing is fetched. What was received before stays in force until you go back from it."),
    "config": Message("Signed settings are fetched, checked, watched for two minutes, and kept or taken back."),
    "notify": Message("Signed settings are fetched, checked, watched for two minutes, and kept or taken back."),
    "auto": Message("Signed settings are fetched, checked, watched for two minutes, and kept or taken back."),
}
"""What a level of the intelligent update means for the signed configuration."""
STATES: Mapping[str, tuple[Level, str]] = {
    "none": ("off", Message("Nothing received yet")),
    "trial": ("busy", Message("On trial")),
    "kept": ("ok", Message("In force")),
    "refused": ("warn", Message("The newest was refused")),
    "failed": ("bad", Message("The newest was taken back")),
    "held": ("warn", Message("Held by you")),
}
SWITCHED_OFF: tuple[Level, str] = ("off", Message("Switched off"))
_WHAT: Mapping[str, tuple[Level, str]] = {
    "applied": ("busy", Message("Put into force, on trial")),
    "kept": ("ok", Message("Kept")),
    "restored": ("bad", Message("Taken back by itself")),
    "refused": ("warn", Message("Refused")),
    "failed": ("warn", Message("Not received")),
    "gone_back": ("off", Message("Gone back by hand")),
    "moved": ("off", Message("Left behind by a move")),
}
_REASONS: Mapping[str, str] = {
    "guardrail": Message("outside the limits of this site"),
    "site only": Message("only the site may set this"),
    "secret": Message("secrets may not be in a configuration"),
    "invalid": Message("a value is not valid"),
    "format": Message("not understood by this version"),
    "not json": Message("not a configuration"),
    "too long": Message("too long"),
    "too deep": Message("nested too deep"),
    "signatures": Message("not signed by the right keys"),
    "expired": Message("its signatures have expired"),
    "rollback": Message("older than what was seen before"),
    "mismatch": Message("not what was signed"),
    "missing": Message("a file of the repository is missing"),
    "unreachable": Message("the server was not reached"),
    "slow": Message("too slow"),
    "clock": Message("the clock of this appliance is wrong"),
    "disk full": Message("the disk is full"),
}


@dataclass(frozen=True, slots=True)
class Document:
    """One signed document in force."""

    title: str
    group: str
    """Name of the group it is for, empty for the others."""
    path: str
    version: int
    signed_by: str
    settings: tuple[tuple[str, str], ...]
    """Setting and value, in words."""
    definitions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """What became of something received."""

    at: str
    level: Level
    title: str
    reason: str
    text: str
    changes: tuple[tuple[str, str, str], ...]
    documents: tuple[tuple[str, int, str], ...]


@dataclass(frozen=True, slots=True)
class ConfigurationView:
    """Everything of it that a page shows."""

    level: Level
    title: str
    meaning: str
    received_at: str | None
    documents: tuple[Document, ...]
    events: tuple[Event, ...]
    can_go_back: bool
    back_to: str
    """The documents to go back to, in words; empty where nothing would be left."""
    left_out: str
    """Why it is not in force though it was received, empty as a rule."""
    mark: str
    """Changes whenever something is received, kept, refused or gone back from."""


@dataclass(frozen=True, slots=True)
class DefinitionView:
    """What a vendor definition that does not come with the program asks."""

    title: str
    file: str
    devices: tuple[str, ...]
    objects: tuple[tuple[str, str, tuple[str, ...]], ...]
    """Name, object identifier or path of a web document, and what it gives."""


_GIVES: Mapping[str, str] = {
    "a supply": Message("an amount, state or name of a supply"),
    "a meter of a paper size": Message("meters by paper size"),
    "a tray": Message("a paper tray: its name, media and amount"),
}
_MARK = Message("what its rows are found by; it is not sent")


def definitions_view(answer: Mapping[str, Any]) -> tuple[DefinitionView, ...]:
    """Return what the collector says of the definitions in force, those of the hosting server first."""
    origins = {"hosting": Message("Of the hosting server"), "site": Message("Of this site")}
    listed = sorted(answer.get("definitions", ()), key=lambda each: (each["origin"] != "hosting", each["file"]))
    return tuple(
        DefinitionView(
            origins.get(each["origin"], each["origin"]),
            each["file"],
            tuple(each["devices"]),
            tuple((named["name"], place, tuple(map(_given, named["gives"]))) for named, place in _asked(each)),
        )
        for each in listed
    )


def _asked(definition: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Yield what a definition asks for, with where that is: an object identifier, or the path of a web document."""
    yield from ((named, named["oid"]) for named in definition["objects"])
    yield from ((named, named["path"]) for named in definition.get("documents", ()))


def _given(item: str) -> str:
    return _MARK if item.startswith(("the key of ", "the label of ")) else _GIVES.get(item, item)


def configuration_view(received: Received, effective: Effective) -> ConfigurationView:
    """Return what the page shows."""
    in_force = received.in_force
    switched_off = effective.settings.update.level == "off" and received.state == "none"
    level, title = SWITCHED_OFF if switched_off else STATES[received.state]
    earlier = received.earlier[0] if received.earlier else None
    return ConfigurationView(
        level,
        title,
        LEVELS[effective.settings.update.level],
        in_force.received_at if in_force else None,
        tuple(map(_document, in_force.layers)) if in_force else (),
        tuple(map(_event, received.outcomes[:OUTCOMES_SHOWN])),
        in_force is not None,
        _named(earlier) if earlier else "",
        effective.left_out,
        hashlib.sha256(repr((received.state, received.marker, received.outcomes[:1])).encode()).hexdigest()[:12],
    )


def _document(layer: ReceivedLayer) -> Document:
    titles = {"global": Message("For all sites"), "group": Message("For the group"), "assigned": Message("For this site")}
    settings = tuple(
        (f"{section}.{field}", in_words(_plain(value)))
        for section, fields in sorted(layer.settings.items())
        for field, value in sorted(fields.items())
    )
    group = layer.path.rpartition("/")[2].removesuffix(".json") if layer.layer == "group" else ""
    return Document(
        titles[layer.layer], group, layer.path, layer.version, layer.signed_by, settings, tuple(sorted(layer.definitions))
    )


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _event(outcome: Outcome) -> Event:
    level, title = _WHAT[outcome.what]
    reason = _REASONS.get(outcome.reason, outcome.reason)
    return Event(outcome.at, level, title, reason, outcome.text, outcome.changes, outcome.layers)


def _named(configuration: Configuration) -> str:
    return ", ".join(f"{path} {version}" for path, version, _ in configuration.names())
