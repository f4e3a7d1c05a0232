"""What is different between two configurations, setting by setting, in words for a person. Pure."""

import difflib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from appliance.common.message import Message
from hosting.configuration.layer_text import Wanted

NOT_SET = Message("not set")


@dataclass(frozen=True, slots=True)
class Change:
    """One setting, definition or membership; `lines` is how the text of a definition changes, line by line."""

    name: str
    before: str
    after: str
    lines: tuple[str, ...] = ()


def difference(before: Wanted, after: Wanted) -> tuple[Change, ...]:
    """Return what is different, by name."""
    return (*_group(before, after), *_settings(before, after), *_definitions(before, after))


def _group(before: Wanted, after: Wanted) -> Iterator[Change]:
    if before.group != after.group:
        yield Change(Message("group"), before.group or NOT_SET, after.group or NOT_SET)


def _settings(before: Wanted, after: Wanted) -> Iterator[Change]:
    old, new = _flat(before), _flat(after)
    for name in sorted(old.keys() | new.keys()):
        then, now = _in_words(old, name), _in_words(new, name)
        if then != now:
            yield Change(name, then, now)


def _definitions(before: Wanted, after: Wanted) -> Iterator[Change]:
    for name in sorted(before.definitions.keys() | after.definitions.keys()):
        old, new = before.definitions.get(name), after.definitions.get(name)
        if old != new:
            lines = difflib.unified_diff((old or "").splitlines(), (new or "").splitlines(), lineterm="", n=2)
            yield Change(Message("definition %(name)s", name=name), _length(old), _length(new), tuple(lines)[2:])


def _flat(wanted: Wanted) -> dict[str, Any]:
    return {f"{section}.{name}": value for section, fields in wanted.settings.items() for name, value in fields.items()}


def _in_words(values: dict[str, Any], name: str) -> str:
    """Return the value as a person writes it in the file."""
    return json.dumps(values[name], ensure_ascii=False, sort_keys=True) if name in values else NOT_SET


def _length(text: str | None) -> str:
    if text is None:
        return NOT_SET
    count = len(text.splitlines())
    return Message("%(count)d line", count=count) if count == 1 else Message("%(count)d lines", count=count)
