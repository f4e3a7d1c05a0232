"""`dca definitions`: check vendor definitions, and show what one makes of a recorded device."""

import argparse
import asyncio
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from appliance.commands.sheets import device_sheet
from appliance.commands.tables import table, writes_unicode
from appliance.common.clock import utc_now
from appliance.common.plain import plain, plain_json
from appliance.reading.definitions.definitions import Definition, DefinitionError, Definitions, builtin_definitions, load
from appliance.reading.definitions.document_schema import WebDocumentSpec
from appliance.reading.definitions.schema import ObjectSpec
from appliance.reading.definitions.vendor import read_vendor
from appliance.reading.device import read_device
from appliance.reading.parts import Parts
from appliance.reading.sources.document_tree import MAX_BYTES, DocumentError
from appliance.reading.sources.web_documents import parts_of_document
from appliance.reading.supplement import supplement
from appliance.reading.view import View, text
from appliance.report import Reading
from appliance.snmp.recording import Recording
from appliance.snmp.values import Oid, format_oid

_LONGEST = 48
"""Characters of a recorded value that are shown."""


def run(arguments: argparse.Namespace) -> int:
    """Check or test, as `arguments.action` says."""
    return _check(arguments.files) if arguments.action == "check" else _test(arguments)


def _check(files: list[str]) -> int:
    """Print a line for each file; 0 when all can be used."""
    failed = False
    for file in files:
        try:
            definition = load(Path(file))
        except DefinitionError as error:
            print(f"dca: {error}", file=sys.stderr)
            failed = True
        else:
            print(f"{definition.file}: {_summary(definition)}")
    return 1 if failed else 0


def _summary(definition: Definition) -> str:
    content = definition.content
    replaced = any(each.vendor == definition.vendor for each in builtin_definitions().definitions)
    asked = len({each.subtree for each in content.asked()})
    documents = len(content.web_documents)
    besides = f" and {documents} web document{'s' if documents != 1 else ''}" if documents else ""
    note = ", in place of the built-in one" if replaced else ""
    return f"a definition for {definition.vendor}{note}; {asked} subtrees{besides} may be asked for."


@dataclass(frozen=True, slots=True)
class Line:
    """An object a definition names, and what the recording has for it."""

    name: str
    oid: str
    evidence: str
    recorded: str | None
    gives: str | None


def _test(arguments: argparse.Namespace) -> int:
    """Print what the definition makes of the recording; 0 when it applies to the device."""
    definition = load(Path(arguments.file))
    recording = Recording.load(Path(arguments.recording))
    definitions = builtin_definitions().with_files([Path(arguments.file)])
    reading = asyncio.run(read_device(recording, taken_at=utc_now(), definitions=definitions))
    vendor = read_vendor(View(recording.objects), definitions)
    applies = any(each.file == definition.file for each in vendor.applying)
    documents = dict(_document(definition, each) for each in arguments.document)
    for name, octets in documents.items():
        reading = supplement(reading, _parts(definition, name, octets))
    lines = [*_lines(definition, recording, {name: len(octets) for name, octets in documents.items()})]
    if arguments.json:
        _print_json(applies, lines, reading)
    else:
        _print_text(definition, definitions, applies, lines, reading)
    return 0 if applies else 1


def _document(definition: Definition, argument: str) -> tuple[str, bytes]:
    """Return name and content of a web document that was saved to a file. Raises DefinitionError."""
    name, equals, file = argument.partition("=")
    known = [each.name for each in definition.content.web_documents]
    if not equals or name not in known:
        listed = ", ".join(known) or "it has none"
        raise DefinitionError(
            f"--document {argument}: write NAME=FILE, with the name of a web document of the definition ({listed})."
        )
    try:
        with Path(file).open("rb") as opened:
            return name, opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise DefinitionError(f"{file} cannot be read: {error.strerror or error}.") from error


def _parts(definition: Definition, name: str, octets: bytes) -> Parts:
    """Return what a web document says. Raises DefinitionError where it is none."""
    spec = next(each for each in definition.content.web_documents if each.name == name)
    try:
        return parts_of_document(octets, spec)
    except DocumentError as error:
        raise DefinitionError(f"{name} cannot be read: {error}.") from error


def _lines(definition: Definition, recording: Recording, documents: Mapping[str, int]) -> Iterator[Line]:
    """Yield the objects in the order of the definition; tables and records with how much of them is recorded."""
    for spec in definition.content.objects:
        yield from (_object_line(spec, oid, recording) for oid in spec.oid)
    for records in definition.content.records:
        value = recording.objects.get(records.oid)
        octets = f"{len(value.content)} octets" if value is not None and isinstance(value.content, bytes) else None
        yield Line(records.name, format_oid(records.oid), records.evidence, octets, None)
    content = definition.content
    for table_spec in (*content.tables, *content.papers, *content.supply_tables, *content.documents):
        columns: list[tuple[str, Oid | None]] = list(table_spec.columns)  # type: ignore[attr-defined] # each of them has columns
        for column, oid in columns:
            if oid is not None:
                rows = sum(1 for each in recording.objects if each[: len(oid)] == oid and len(each) > len(oid))
                name = f"{table_spec.name}.{column}"
                yield Line(name, format_oid(oid), table_spec.evidence, f"{rows} rows" if rows else None, None)
    yield from (_document_line(spec, documents.get(spec.name)) for spec in content.web_documents)


def _document_line(spec: WebDocumentSpec, octets: int | None) -> Line:
    """Return a document; a recording of SNMP has none."""
    return Line(
        spec.name, spec.path, spec.evidence, None if octets is None else f"{octets} octets", ", ".join(dict.fromkeys(spec.items()))
    )


def _object_line(spec: ObjectSpec, oid: Oid, recording: Recording) -> Line:
    value = recording.objects.get(oid)
    recorded = None if value is None else (text(value) or "(empty)")
    return Line(spec.name, format_oid(oid), spec.evidence, recorded, spec.gives)


def _print_json(applies: bool, lines: list[Line], reading: Reading) -> None:
    document = {"applies": applies, "objects": [asdict(line) for line in lines], "reading": reading.model_dump(mode="json")}
    print(plain_json(document, indent=2))


def _print_text(definition: Definition, definitions: Definitions, applies: bool, lines: list[Line], reading: Reading) -> None:
    if not applies:
        print(f"The definition for {definition.vendor} is not for this device: neither its sysObjectID nor its texts name it.\n")
    rows = [[line.name, line.oid, line.evidence, _shortened(line.recorded), line.gives or ""] for line in lines]
    if rows:
        print(table(rows, ("OBJECT", "OID OR PATH", "MARK", "RECORDED", "GIVES")))
        print()
    print(device_sheet(reading, unicode=writes_unicode()))
    sources = {path: source for path, source in reading.sources.items() if " " in source}
    if sources:
        print("\n  From private objects")
        width = max(map(len, sources))
        print("\n".join(f"    {path.ljust(width)}  {plain(source)}" for path, source in sources.items()))
    for problem in definitions.problems:
        print(f"dca: {problem}", file=sys.stderr)


def _shortened(recorded: str | None) -> str:
    if recorded is None:
        return "-"
    return recorded if len(recorded) <= _LONGEST else f"{recorded[: _LONGEST - 1]}…"
