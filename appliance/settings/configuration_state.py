"""What the site has received as signed configuration: in force, before, and what became of each. Pure.

`Received` is one document of the settings file; each of its methods returns the next one, and `SettingsStore.change_received`
puts that in its place in one write. So an appliance that is killed anywhere has either the old configuration or the new one.

- A configuration comes into force on trial. It is kept, or the one before is put in its place (`restored`).
- `marker` and `state` are of what was dealt with last; they say whether what the hosting server has to offer is new.
- Everything here is bounded, whatever comes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, Self, get_args

from appliance.common.clock import to_rfc3339
from appliance.common.message import Message, messages_from, with_messages
from appliance.common.record import Count, Moment, MomentOrNone, Sha256, record_of, records_of
from appliance.common.signed_documents import NO_MARKER
from appliance.settings.document import ReceivedLayerName

State = Literal["none", "trial", "kept", "refused", "failed", "held"]
What = Literal["applied", "kept", "restored", "refused", "failed", "gone_back", "moved"]
Changes = Sequence[tuple[str, str, str]]
LayerNames = Sequence[tuple[str, int, str]]

EARLIER = 10
OUTCOMES = 50
CHANGES = 60
REASON_LENGTH = 40
TEXT_LENGTH = 600
VALUE_LENGTH = 120


@dataclass(frozen=True, slots=True)
class ReceivedLayer:
    """One signed document."""

    layer: ReceivedLayerName
    path: str
    """Its target in the repository."""
    version: Count
    sha256: str
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    definitions: Mapping[str, Sha256] = field(default_factory=dict)
    """SHA-256 in hex of the text of each vendor definition, by the name of its file."""
    signed_by: str = ""
    """Role and keys, for people."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the documents of one moment set together. Moments are in RFC 3339."""

    layers: tuple[ReceivedLayer, ...]
    received_at: Moment
    marker: str
    trial: bool = False
    watches: Count = 0
    """How often its trial was begun."""
    kept_at: MomentOrNone = ""
    """When its trial ended well."""
    ends: Count = 0
    """How often the collector has ended by itself since, within the time that counts."""

    def values(self) -> list[tuple[ReceivedLayerName, Mapping[str, Mapping[str, Any]]]]:
        """Return what each layer sets, in rising order."""
        return [(each.layer, each.settings) for each in self.layers]

    def definitions(self) -> dict[str, str]:
        """Return the SHA-256 of the definitions in force, by name; the higher layer wins."""
        return {name: sha256 for each in self.layers for name, sha256 in each.definitions.items()}

    def names(self) -> tuple[tuple[str, int, str], ...]:
        """Return path, version and SHA-256 of each document."""
        return tuple((each.path, each.version, each.sha256) for each in self.layers)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of something received."""

    at: Moment
    what: What
    reason: str = ""
    text: str = ""
    layers: tuple[tuple[str, int, str], ...] = ()
    """Path, version and SHA-256 of the documents it was about."""
    changes: tuple[tuple[str, str, str], ...] = ()
    """Setting, value before, value after, in words, secrets hidden."""


@dataclass(frozen=True, slots=True)
class Received:
    """All of it."""

    in_force: Configuration | None = None
    earlier: tuple[Configuration, ...] = ()
    """Those kept before, newest first."""
    outcomes: tuple[Outcome, ...] = ()
    """Newest first."""
    marker: str = NO_MARKER
    state: State = "none"

    def applied(self, configuration: Configuration, text: str, changes: Changes, now: datetime) -> "Received":
        """Put a configuration into force, on trial. One whose own trial was not over yet is not gone back to."""
        outcome = _outcome(now, "applied", "", text, layers=configuration.names(), changes=changes)
        return replace(
            self,
            in_force=replace(configuration, trial=True, watches=0),
            earlier=self._with_proven(),
            outcomes=self._with(outcome),
            marker=configuration.marker,
            state="trial",
        )

    def watched(self) -> "Received":
        """Count one more beginning of the trial."""
        assert self.in_force is not None
        return replace(self, in_force=replace(self.in_force, watches=self.in_force.watches + 1))

    def kept(self, text: str, now: datetime) -> "Received":
        """End the trial well."""
        assert self.in_force is not None
        proven = replace(self.in_force, trial=False, kept_at=to_rfc3339(now), ends=0)
        outcome = _outcome(now, "kept", "", text, layers=proven.names())
        state: State = "kept" if self.marker == proven.marker else self.state
        return replace(self, in_force=proven, outcomes=self._with(outcome), state=state)

    def ended(self) -> "Received":
        """Count an end of the collector under the configuration in force."""
        assert self.in_force is not None
        return replace(self, in_force=replace(self.in_force, ends=self.in_force.ends + 1))

    def restored(self, reason: str, text: str, now: datetime) -> "Received":
        """Put the configuration before into force again, none where there was none: the trial, or the day after, went wrong."""
        assert self.in_force is not None
        outcome = _outcome(now, "restored", reason, text, layers=self.in_force.names())
        state: State = "failed" if self.marker == self.in_force.marker else self.state
        return self._one_back(outcome, state)

    def gone_back(self, text: str, now: datetime) -> "Received":
        """Put the configuration before into force because a person wants it, and hold it against what is offered now."""
        assert self.in_force is not None
        return self._one_back(_outcome(now, "gone_back", "", text, layers=self.in_force.names()), "held")

    def moved(self, text: str, now: datetime) -> "Received":
        """Leave behind what another provider has set: it is neither in force nor gone back to. What became of it stays."""
        if self.in_force is None and not self.earlier:
            return replace(self, marker=NO_MARKER, state="none")
        layers = self.in_force.names() if self.in_force else ()
        return Received(outcomes=self._with(_outcome(now, "moved", "", text, layers=layers)))

    def settled(self, marker: str) -> "Received":
        """Note that what is offered is what is in force: nothing was dealt with since that matters any more."""
        state: State = "none" if self.in_force is None else "trial" if self.in_force.trial else "kept"
        return replace(self, marker=marker, state=state)

    def refused(self, marker: str, reason: str, text: str, layers: LayerNames, now: datetime) -> "Received":
        """Note that a configuration was refused; the one in force stays."""
        outcome = _outcome(now, "refused", reason, text, layers=layers)
        return replace(self, outcomes=self._with(outcome), marker=marker, state="refused")

    def failed(self, what: What, reason: str, text: str, now: datetime) -> "Received":
        """Note that nothing could be fetched, or that nothing of it could be verified: it is tried again."""
        return replace(self, outcomes=self._with(_outcome(now, what, reason, text)))

    def rejection(self) -> Message | None:
        """Return in a sentence what was not taken last, and why; None where all that is published is in force."""
        if self.state not in ("refused", "failed"):
            return None
        outcome = next((each for each in self.outcomes if each.what in ("refused", "restored")), None)
        if outcome is None:
            return None
        documents = ", ".join(f"{path} version {version}" for path, version, _ in outcome.layers)
        return Message(
            "The configuration of the hosting server was not taken (%(at)s; %(documents)s): %(text)s",
            at=outcome.at,
            documents=documents or "-",
            text=outcome.text,
        )

    def hashes(self) -> set[str]:
        """Return the SHA-256 of every definition that is still needed."""
        kept = [*self.earlier, *([self.in_force] if self.in_force else [])]
        return {sha256 for each in kept for layer in each.layers for sha256 in layer.definitions.values()}

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        document: dict[str, Any] = with_messages(asdict(self))
        return document

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Return what `to_json` wrote. Raises ValueError for anything else."""
        try:
            value = messages_from(value)
            in_force = value["in_force"]
            if value["state"] not in get_args(State):
                raise ValueError(f"there is no state {value['state']!r}")
            return cls(
                None if in_force is None else record_of(Configuration, in_force),
                tuple(record_of(Configuration, each) for each in value["earlier"]),
                # One that a later version has written, or nobody, is no reason to forget what is in force.
                tuple(records_of(Outcome, value["outcomes"])),
                str(value["marker"]),
                value["state"],
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"that is nothing received: {error}") from error

    def _one_back(self, outcome: Outcome, state: State) -> "Received":
        before = self.earlier[0] if self.earlier else None
        return replace(self, in_force=before, earlier=self.earlier[1:], outcomes=self._with(outcome), state=state)

    def _with_proven(self) -> tuple[Configuration, ...]:
        if self.in_force is None or self.in_force.trial:
            return self.earlier
        return (self.in_force, *self.earlier)[:EARLIER]

    def _with(self, outcome: Outcome) -> tuple[Outcome, ...]:
        """Return the outcomes with this one; the same trouble once more only takes the place of what told it before."""
        older = self.outcomes
        if older and outcome.what in ("refused", "failed") and replace(older[0], at=outcome.at) == outcome:
            older = older[1:]
        return (outcome, *older)[:OUTCOMES]


ReceivedChange = Callable[[Received], Received]


def _outcome(now: datetime, what: What, reason: str, text: str, *, layers: LayerNames = (), changes: Changes = ()) -> Outcome:
    return Outcome(
        to_rfc3339(now),
        what,
        _cut(reason, REASON_LENGTH),
        _cut(text, TEXT_LENGTH),
        tuple((path, version, sha256) for path, version, sha256 in layers),
        tuple((_cut(path, VALUE_LENGTH), _cut(old, VALUE_LENGTH), _cut(new, VALUE_LENGTH)) for path, old, new in changes)[:CHANGES],
    )


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
