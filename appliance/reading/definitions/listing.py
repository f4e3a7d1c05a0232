"""What definitions that others wrote ask of which devices, and as what: for people who look over them."""

from collections.abc import Iterator
from typing import Any

from appliance.common.message import Message
from appliance.reading.definitions.definitions import Definition, Definitions
from appliance.snmp.values import format_oid


def listing(definitions: Definitions) -> dict[str, Any]:
    """Return the answer of `GET /v1/definitions`: those that do not come with the program."""
    added = [each for each in definitions.definitions if each.origin != "product"]
    return {"definitions": [_listed(each) for each in added], "left_out": [str(problem) for problem in definitions.problems]}


def _listed(definition: Definition) -> dict[str, Any]:
    content = definition.content
    objects: dict[tuple[str, str], list[str]] = {}
    for asked in content.asked():
        given = objects.setdefault((asked.name, format_oid(asked.oid)), [])
        if asked.item not in given:
            given.append(asked.item)
    documents = [
        {"name": each.name, "path": each.path, "gives": list(dict.fromkeys(each.items()))} for each in content.web_documents
    ]
    return {
        "file": _file(definition.file),
        "origin": definition.origin,
        "vendor": definition.vendor,
        "devices": list(_devices(definition)),
        "objects": [{"name": name, "oid": oid, "gives": gives} for (name, oid), gives in objects.items()],
        "documents": documents,
    }


def _file(told: str) -> str:
    """Return the name of a file without the words that say where it came from: `origin` says that."""
    return str(told.values.get("name", told)) if isinstance(told, Message) else told


def _devices(definition: Definition) -> Iterator[str]:
    """Yield by what its devices are known: brands, prefixes of sysObjectID, patterns of their descriptions."""
    content = definition.content
    yield from (brand.name for brand in content.brands)
    yield from (f"sysObjectID {format_oid(prefix)}" for prefix in definition.object_ids)
    yield from (pattern.text for pattern in content.match.descriptions)
