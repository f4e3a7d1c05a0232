"""What a person wants a layer to set: read from text, written for people to edit, made a document a site will accept. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from appliance.common.message import Message, message_of, sentences
from appliance.settings.document import (
    DOCUMENT_BYTES,
    Document,
    DocumentError,
    Values,
    parse_document,
    write_document,
)
from hosting.configuration.scope import Scope
from hosting.errors import ConfigurationError

_DOCUMENT_KEYS = frozenset({"format", "version", "group", "settings", "definitions"})
WHERE_INSTEAD = Message(
    "SNMP credentials are set on the Scanning page of the site's web interface, or by "
    "`dca settings set snmp.credentials=@FILE` there."
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a layer sets; `group` is the group of a site."""

    settings: Values = field(default_factory=dict)
    definitions: Mapping[str, str] = field(default_factory=dict)
    group: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to say: then there is no document."""
        return not (self.settings or self.definitions or self.group)


def wanted_of(content: bytes | None) -> Wanted:
    """Return what a published document sets; nothing for None."""
    if content is None:
        return Wanted()
    # Not judged again: what was published by an earlier version is shown as it is.
    document = json.loads(content)
    return Wanted(document["settings"], document["definitions"], document.get("group"))


def read_wanted(text: str, before: Wanted) -> Wanted:
    """Return what a text asks for: `{section: {field: value}}`, or an object with `settings`, `definitions` or both.

    What the text does not speak of stays as `before`. Raises ConfigurationError.
    """
    raw = _decode(text)
    if not isinstance(raw, dict):
        raise ConfigurationError(Message('The configuration is no JSON object. Write {"scan": {"read_minutes": 30}}, for example.'))
    if not raw or not raw.keys() <= _DOCUMENT_KEYS:
        raw = {"settings": raw}
    if raw.get("group", before.group) != before.group:
        raise ConfigurationError(
            Message("The group of a site is not set in its configuration. Use: dca-hosting site set NAME --group GROUP")
        )
    settings, definitions = raw.get("settings", before.settings), raw.get("definitions", before.definitions)
    for name, part in (("settings", settings), ("definitions", definitions)):
        if not isinstance(part, Mapping):
            raise ConfigurationError(Message("%(name)s is no JSON object.", name=name))
    for section, fields in settings.items():
        if not isinstance(fields, Mapping):
            raise ConfigurationError(
                Message("%(section)s is no JSON object. Write {section: {field: value}}.", section=section[:60])
            )
    # A section without a field says nothing.
    return Wanted({section: fields for section, fields in settings.items() if fields != {}}, definitions, before.group)


def shown(wanted: Wanted) -> str:
    """Return the text to edit, which `read_wanted` reads."""
    content = {"settings": wanted.settings, "definitions": wanted.definitions}
    return json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True)


def settings_text(wanted: Wanted) -> str:
    """Return the settings alone as text to edit."""
    return json.dumps(wanted.settings, ensure_ascii=False, indent=2, sort_keys=True)


def document_of(wanted: Wanted, version: int, scope: Scope) -> bytes:
    """Return the document, accepted by the judge of the sites. Raises ConfigurationError with the reason and what to do."""
    document = Document(version, wanted.settings, wanted.definitions, wanted.group)
    try:
        content = write_document(document)
        parse_document(content, scope.layer)
    except DocumentError as error:
        advice = WHERE_INSTEAD if error.reason == "secret" else ""
        raise ConfigurationError(sentences(message_of(error), advice)) from error
    except (ValueError, RecursionError, TypeError, AttributeError) as error:
        raise ConfigurationError(Message("The configuration cannot be written as JSON in UTF-8, or is nested too deep.")) from error
    return content


def _decode(text: str) -> Any:
    if len(text) > DOCUMENT_BYTES:
        raise ConfigurationError(
            Message("The configuration is longer than the %(kibibytes)s KiB that a site takes.", kibibytes=DOCUMENT_BYTES // 1024)
        )
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except RecursionError as error:
        raise ConfigurationError(Message("The configuration is nested too deep.")) from error
    except ValueError as error:
        raise ConfigurationError(Message("The configuration is not JSON: %(reason)s.", reason=message_of(error))) from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(Message("a name stands twice in one object"))
    return found
