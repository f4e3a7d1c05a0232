"""The configuration document that the hosting team signs: what one layer sets, as JSON. Pure; the hosting server uses it, too.

- UTF-8, at most `DOCUMENT_BYTES` and `strict_json.MOST_LEVELS`; both are looked at before anything is decoded.
- `{"format": 1, "version": N, "group": NAME, "settings": {section: {field: value}}, "definitions": {"NAME.toml": TEXT}}`; only the
  document of one site names its group.
- It sets nothing that only the site may set, and holds no secret: whoever can fetch the repository can read it.
- Each value is one the model accepts. Whether it lies within the guardrails, only the site can tell.
"""

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from appliance.common import strict_json
from appliance.common.errors import SettingsError
from appliance.common.message import Message, message_of
from appliance.common.signed_documents import GROUP_NAME, NO_MARKER
from appliance.common.strict_json import LARGEST_WHOLE, is_whole
from appliance.common.toml_keys import require_short_keys
from appliance.settings.ipp_targets import refusal_from_afar
from appliance.settings.model import SECRET_SETTINGS, is_site_only
from appliance.settings.validation import validate_section

ReceivedLayerName = Literal["global", "group", "assigned"]
"""The layers that come as documents, in rising order; `assigned` is what the hosting team sets for one site."""
DocumentReason = Literal["too long", "too deep", "not json", "format", "invalid", "site only", "secret"]

FORMAT = 1
DOCUMENT_BYTES = 256 * 1024
DEFINITIONS = 64
"""Definitions one document may bring."""
LARGEST_VERSION = LARGEST_WHOLE
GLOBAL_PATH = "config/global/all.json"

_DEFINITION_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}\.toml")
_KEYS = frozenset({"format", "version", "group", "settings", "definitions"})

Values = Mapping[str, Mapping[str, Any]]


class DocumentError(SettingsError):
    """A document is refused."""

    def __init__(self, reason: DocumentReason, message: str) -> None:
        """`reason` is one word or two, for programs."""
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Document:
    """What one layer sets."""

    version: int
    settings: Values = field(default_factory=dict)
    definitions: Mapping[str, str] = field(default_factory=dict)
    """Texts of vendor definitions (TOML), by the names of their files."""
    group: str | None = None


def group_path(group: str) -> str:
    """Return the target that holds the document of a group."""
    return f"config/group/{group}.json"


def site_path(site_id: str) -> str:
    """Return the target that holds the document of one site."""
    return f"config/site/{site_id}.json"


def marker(layers: Sequence[tuple[str, str]]) -> str:
    """Return the short name of what a site is to have: of `(path, SHA-256 in hex)` of each document, in any order."""
    if not layers:
        return NO_MARKER
    # By the alphabet, too: global, group, site.
    lines = "".join(f"{path} {sha256}\n" for path, sha256 in sorted(layers))
    return hashlib.sha256(lines.encode()).hexdigest()[:16]


def write_document(document: Document) -> bytes:
    """Return the one way to write a document: sorted keys, nothing between them."""
    content: dict[str, Any] = {
        "format": FORMAT,
        "version": document.version,
        "settings": {section: dict(fields) for section, fields in document.settings.items()},
        "definitions": dict(document.definitions),
    }
    if document.group is not None:
        content["group"] = document.group
    return strict_json.encode(content)


def parse_document(content: bytes, layer: ReceivedLayerName) -> Document:
    """Return the document in `content`. Raises DocumentError."""
    try:
        raw = strict_json.decode(content, "The configuration", DOCUMENT_BYTES)
    except strict_json.StrictJsonError as error:
        raise DocumentError(error.reason, message_of(error)) from error
    _require_format(raw, layer)
    document = Document(raw["version"], raw.get("settings", {}), raw.get("definitions", {}), raw.get("group"))
    _require_permitted(document.settings)
    for section, fields in document.settings.items():
        try:
            validate_section(section, fields)
        except SettingsError as error:
            raise DocumentError("invalid", message_of(error)) from error
    _require_no_place_of_the_site(document.settings)
    _require_definitions(document.definitions)
    return document


def too_long(length: int) -> DocumentError:
    """Return the refusal of a document of so many bytes."""
    return DocumentError(
        "too long",
        Message(
            "The configuration has %(length)s bytes, more than the %(most)s that are taken.",
            length=length,
            most=DOCUMENT_BYTES,
        ),
    )


def _require_format(raw: Any, layer: ReceivedLayerName) -> None:
    """Raise DocumentError unless `raw` has the form of a document."""
    if not isinstance(raw, dict):
        raise _malformed("it is no JSON object")
    if not is_whole(raw.get("format")) or raw["format"] != FORMAT:
        raise _malformed(f"its format is not {FORMAT}. A newer appliance may be able to read it")
    if unknown := sorted(raw.keys() - _KEYS):
        raise _malformed(f"there is no {unknown[0][:60]!r} in a configuration")
    if not is_whole(raw.get("version")) or not 1 <= raw["version"] <= LARGEST_VERSION:
        raise _malformed("version has to be a whole number from 1")
    group = raw.get("group")
    if "group" in raw and not (layer == "assigned" and isinstance(group, str) and GROUP_NAME.fullmatch(group)):
        raise _malformed("group has to be the name of a group, and only the configuration of one site has it")
    settings, definitions = raw.get("settings", {}), raw.get("definitions", {})
    if not isinstance(settings, dict) or not all(isinstance(fields, dict) for fields in settings.values()):
        raise _malformed("settings has to be {section: {field: value}}")
    if not isinstance(definitions, dict) or not all(isinstance(text, str) for text in definitions.values()):
        raise _malformed("definitions has to be {name: text}")


def _malformed(what: str) -> DocumentError:
    return DocumentError("format", Message("The configuration cannot be used: %(what)s.", what=what))


def _require_permitted(settings: Values) -> None:
    """Raise DocumentError when a document touches what it may not."""
    for section, fields in settings.items():
        for name in fields:
            path = f"{section}.{name}"
            if path in SECRET_SETTINGS:
                raise DocumentError(
                    "secret",
                    Message(
                        "%(path)s may not be in a signed configuration: everybody who can fetch the repository can read "
                        "it. Set it at the site.",
                        path=path,
                    ),
                )
            if is_site_only(section, name):
                raise DocumentError(
                    "site only", Message("The hosting server may not set %(name)s: only the site decides that.", name=path[:130])
                )


def _require_no_place_of_the_site(settings: Values) -> None:
    """Raise DocumentError for a target that only the admin of a site may name; the values are those the model has accepted."""
    for target in settings.get("scan", {}).get("targets", ()):
        if refusal := refusal_from_afar(target):
            raise DocumentError("site only", refusal)


def _require_definitions(definitions: Mapping[str, str]) -> None:
    """Raise DocumentError for what is no TOML; whether it describes a vendor the collector tells."""
    if len(definitions) > DEFINITIONS:
        raise DocumentError(
            "invalid",
            Message(
                "%(count)s definitions are more than the %(most)s that are taken.",
                count=len(definitions),
                most=DEFINITIONS,
            ),
        )
    for name, text in definitions.items():
        if not _DEFINITION_NAME.fullmatch(name):
            raise DocumentError(
                "invalid",
                Message("%(name)s cannot be the name of a definition. Write for example kyocera.toml.", name=repr(name[:80])),
            )
        try:
            require_short_keys(text)
            tomllib.loads(text)
        except RecursionError as error:
            raise DocumentError("invalid", Message("The definition %(name)s is nested too deep.", name=name)) from error
        except ValueError as error:  # of the library, and of Python for a number of thousands of digits
            raise DocumentError(
                "invalid", Message("The definition %(name)s is not TOML: %(reason)s.", name=name, reason=message_of(error))
            ) from error
