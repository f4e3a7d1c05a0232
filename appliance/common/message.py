"""Sentences for people in English that still know their template and values, so that a page can word them in another language.

Whoever finds something out writes `Message("Port %(port)d is in use.", port=80)`. To logs, the command line and JSON that is the
English sentence. The web faces look the template up in their catalogue (`web.translations`).
"""

import re
from collections.abc import Mapping
from typing import Any, Self

PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%%")
"""What a template holds beside its text: a value as text or as a whole number, and a percent sign."""
_BESIDE = "_message"
"""Ends the name of what stands beside a message in a JSON object."""


class Message(str):
    """A sentence, or a part of one. `template` is its code in the catalogues; `values` are numbers, names and other messages."""

    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, /, **values: object) -> Self:
        """Return the sentence. Without values the template is the sentence: a `%` in it stands for itself."""
        kept = {name: value if isinstance(value, str | int | float) else str(value) for name, value in values.items()}
        message = super().__new__(cls, template % kept if kept else template)
        message.template, message.values = template, kept
        return message

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, object]]:
        """Let copies and pickles know the template, too."""
        return (self.template,), dict(self.values)


def joined(*messages: str, between: str) -> str:
    """Return messages one after the other as one message, without those that are empty."""
    said = [message for message in messages if message]
    if len(said) < 2:
        return said[0] if said else ""
    values: dict[str, object] = {f"part{number}": message for number, message in enumerate(said)}
    template = between.join(f"%({name})s" for name in values)
    return Message(template, **values)


def sentences(*messages: str) -> str:
    """Return sentences one after the other as one message, without those that are empty."""
    return joined(*messages, between=" ")


def shortened(text: str, most: int) -> str:
    """Return a text of at most `most` characters; one that is cut is no message any more but its sentence."""
    return text if len(text) <= most else text[:most]


def message_of(error: BaseException) -> str:
    """Return what an error says, as the message it was raised with."""
    said = error.args[0] if error.args else ""
    return said if isinstance(said, Message) else str(error)


def with_messages(value: Any) -> Any:
    """Return a JSON document in which beside each member that is a Message its template and values stand (`NAME_message`)."""
    if isinstance(value, Mapping):
        document = {}
        for name, member in value.items():
            document[name] = with_messages(member)
            if isinstance(member, Message):
                document[f"{name}{_BESIDE}"] = {
                    "template": member.template,
                    "values": with_messages(member.values),
                }
        return document
    return [with_messages(item) for item in value] if isinstance(value, list | tuple) else value


def messages_from(value: Any) -> Any:
    """Return a JSON document with its messages put together again; what does not fit its sentence exactly stays as it is."""
    try:
        return _with_told_messages(value)
    except RecursionError:
        return value


def _with_told_messages(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_told_messages(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    document = {name: _with_told_messages(member) for name, member in value.items()}
    for beside in [name for name in document if name.endswith(_BESIDE)]:
        name = beside.removesuffix(_BESIDE)
        if message := _told(document[beside], document.get(name)):
            document[name] = message
            del document[beside]
    return document


def _told(code: object, sentence: object) -> Message | None:
    """Return the message of a template and values that make exactly this sentence, None where they do not."""
    if not (isinstance(sentence, str) and isinstance(code, Mapping) and code.keys() == {"template", "values"}):
        return None
    template, values = code["template"], code["values"]
    if not (isinstance(template, str) and isinstance(values, Mapping)):
        return None
    if values:
        # Looked at before anything is put together: a damaged file may ask for more than there is memory.
        wanted = sum(len(str(values.get(name, ""))) for name in PLACEHOLDER.findall(template))
        if wanted > len(sentence) or "%" in PLACEHOLDER.sub("", template):
            return None
    try:
        message = Message(template, **values)
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    return message if message == sentence else None
