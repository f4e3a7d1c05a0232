"""What the page of the repository asks people to do, and with which commands. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from tornado.locale import Locale

from appliance.common.message import Message, sentences
from hosting.repository.roles import CONFIG, GLOBAL, RELEASE, ROOT, SNAPSHOT, TARGETS, TIMESTAMP
from hosting.repository.validity import RoleCondition
from hosting.signing.signers import Progress
from hosting.signing.verification import VerifiedDraft
from web import quantities

EVERYTHING = Message("sites refuse all that is new and go on with what they have")
REFUSED: Mapping[str, str] = {
    ROOT: EVERYTHING,
    TARGETS: EVERYTHING,
    SNAPSHOT: EVERYTHING,
    TIMESTAMP: EVERYTHING,
    RELEASE: Message("sites refuse new releases"),
    GLOBAL: Message("sites refuse new configuration and go on with what they have"),
    CONFIG: Message("sites refuse new configuration and go on with what they have"),
}
"""What sites do once a role has expired; the bins are as `config`."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A draft with its signatures checked, which takes a moment for each."""

    name: str
    role: str
    progress: tuple[Progress, ...]

    @classmethod
    def check(cls, draft: VerifiedDraft) -> Self:
        """Return how far a draft is."""
        return cls(draft.name, draft.role, tuple(draft.progress()))

    @property
    def is_complete(self) -> bool:
        """Whether it can be published."""
        return not any(progress.lacking for progress in self.progress)


@dataclass(frozen=True, slots=True)
class Alarm:
    """A notice of the page: what is the matter in `text`, what to type in `commands`."""

    level: str
    text: str
    commands: tuple[str, ...]


def alarms(
    roles: Sequence[RoleCondition], drafts: Sequence[Waiting], folder: str, now: datetime, reader: Locale
) -> Iterator[Alarm]:
    """Yield what people have to do, expired roles first. `folder` is that of the drafts, for the commands.

    That the server has to sign a role soon is no alarm: it does so each hour.
    """
    waiting = {draft.role: draft for draft in drafts}
    order = {"expired": 0, "late": 1, "due": 2}
    for role in sorted((one for one in roles if one.state in order), key=lambda one: (order[one.state], one.expires)):
        if role.is_offline:
            yield Alarm(
                _level(role), sentences(_what(role, now, reader), _how(waiting.get(role.role))), _commands(role, waiting, folder)
            )
        elif role.state != "due":
            why = Message("The server tries each hour to sign it anew, and could not: the log of dca-hosting serve says why.")
            yield Alarm(_level(role), sentences(_what(role, now, reader), why), ("dca-hosting repository status",))


def _level(role: RoleCondition) -> str:
    return {"expired": "bad", "late": "warn"}.get(role.state, "info")


def _what(role: RoleCondition, now: datetime, reader: Locale) -> str:
    refused = REFUSED.get(role.role, REFUSED[CONFIG])
    moment = quantities.ago(role.expires, now, reader)
    if role.state == "expired":
        return Message("The role %(role)s expired %(moment)s: %(refused)s.", role=role.role, moment=moment, refused=refused)
    return Message(
        "The role %(role)s expires %(moment)s. From then on %(refused)s.", role=role.role, moment=moment, refused=refused
    )


def _how(draft: Waiting | None) -> str:
    if draft is None:
        return Message("Prolong it: make a draft, have enough people sign it, publish it.")
    if draft.is_complete:
        return Message("Its draft is signed by enough people: publish it.")
    return Message("Its draft waits for signatures.")


def _commands(role: RoleCondition, waiting: Mapping[str, Waiting], folder: str) -> tuple[str, ...]:
    draft = waiting.get(role.role)
    publish = "dca-hosting repository publish"
    if draft is None:
        sign = f"dca-hosting sign {folder}/{role.version + 1}.{role.role}.json --key KEY"
        return (f"dca-hosting repository renew {role.role}", sign, publish)
    return (publish,) if draft.is_complete else (f"dca-hosting sign {folder}/{draft.name} --key KEY", publish)
