"""The vendor definitions: read, checked, and matched to devices.

- The built-in ones are `appliance/definitions/*.toml`; a site or the hosting server adds files in folders of their own, read after
  them. A definition of a vendor that is known already takes the place of the earlier one.
- A definition with an error is left out, and `Definitions.problems` says where it is wrong; the others stay in force.
- Several definitions may apply to one device: that of its brand, and that of the design it was built after.
"""

import hashlib
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from itertools import accumulate
from pathlib import Path
from typing import Literal, Protocol

from pydantic import ValidationError

from appliance.common.errors import DcaError
from appliance.common.faults import fault_words
from appliance.common.message import Message
from appliance.common.toml_keys import require_short_keys
from appliance.reading.definitions.fields import TESTED
from appliance.reading.definitions.permitted import ENTERPRISES
from appliance.reading.definitions.schema import DefinitionFile, Quirks
from appliance.reading.definitions.toml_lines import key_lines, line_of
from appliance.reading.identity.makers import Makers
from appliance.reading.sources import objects as mib
from appliance.snmp.values import Oid

LARGEST_FILE = 256 * 1024
MOST_FILES = 64
"""Definitions of one folder that are read, as many as a signed document may bring."""
LARGEST_FOLDER = 2 * 1024 * 1024
"""Bytes of one folder that are read: what is written to take long takes seconds then, not minutes."""
_SHORT_TEXT = 60
_UNKNOWN = Message("there is no such field")
_LONGEST_REASON = 400


Origin = Literal["product", "hosting", "site"]
"""Who has brought a definition: it comes with the program, the hosting server has signed it, or the site has added it."""


class DefinitionError(DcaError):
    """A vendor definition cannot be used; the sentence names file, line and key."""


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """One vendor definition and where it came from."""

    file: str
    content: DefinitionFile
    origin: Origin = "product"

    @property
    def vendor(self) -> str:
        """The vendor it is for."""
        return self.content.vendor

    @property
    def object_ids(self) -> tuple[Oid, ...]:
        """With what the sysObjectID of its devices begins: what it names, else what its enterprises have."""
        return self.content.match.object_ids or tuple((*ENTERPRISES, number) for number in sorted(self.content.enterprises))

    def describes(self, descriptions: Sequence[str]) -> bool:
        """Return whether one of the descriptions is that of a design it is for, which others sell as theirs."""
        return any(pattern.search(text) for pattern in self.content.match.descriptions for text in descriptions)

    def specificity(self, sys_object_id: Oid | None) -> int:
        """Return how many numbers of sysObjectID it names, 0 when it is for other devices."""
        if sys_object_id is None:
            return 0
        return max((len(prefix) for prefix in self.object_ids if sys_object_id[: len(prefix)] == prefix), default=0)


class Describes(Protocol):
    """What a device says by which its definitions are found."""

    @property
    def sys_object_id(self) -> Oid | None:
        """Its sysObjectID."""
        ...

    @property
    def descriptions(self) -> Sequence[str]:
        """Its sysDescr and hrDeviceDescr."""
        ...

    @property
    def maker_names(self) -> Sequence[str]:
        """Texts that begin with its maker, the surest first."""
        ...

    @property
    def answering(self) -> frozenset[int]:
        """The enterprise numbers below which it has answered anything."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Definitions:
    """All definitions in force."""

    definitions: tuple[Definition, ...] = ()
    problems: tuple[DefinitionError, ...] = ()
    """What was left out, and why."""
    makers: Makers = field(init=False)
    allowed: frozenset[Oid] = field(init=False)
    """The subtrees that may be asked for: those of `objects.STANDARD` and what the definitions name. Nothing else ever is."""

    def __post_init__(self) -> None:
        brands = [brand for each in self.definitions for brand in each.content.brands]
        makers = Makers(
            ((brand.name, brand.aliases, brand.enterprises) for brand in brands), (brand.name for brand in brands if brand.rebrand)
        )
        object.__setattr__(self, "makers", makers)
        named = frozenset(asked.subtree for each in self.definitions for asked in each.content.asked())
        object.__setattr__(self, "allowed", mib.STANDARD | named)

    def fingerprint(self) -> str:
        """Return a short text that is another one when a definition is."""
        found = hashlib.sha256()
        for each in self.definitions:
            found.update(each.content.model_dump_json().encode())
        return found.hexdigest()[:32]

    def allows(self, oid: Oid) -> bool:
        """Return whether `oid` lies in one of the subtrees that may be asked for."""
        return any(oid[:length] in self.allowed for length in range(7, len(oid) + 1))

    def applying_to(self, device: Describes) -> tuple[Definition, ...]:
        """Return the definitions for a device, the most specific first.

        sysObjectID decides; a design that others sell is known by its descriptions. Only a device without a known sysObjectID is
        known by the maker its texts name, and one that names none by the private objects it answers.
        """
        found = [(each.specificity(device.sys_object_id), each) for each in self.definitions]
        chosen = [each for length, each in sorted(found, key=lambda pair: -pair[0]) if length]
        if not chosen:
            chosen = list(self._of_maker(device))
        chosen += [each for each in self.definitions if each.describes(device.descriptions)]
        if not chosen:
            chosen = [each for each in self.definitions if each.content.enterprises & device.answering]
        for each in tuple(chosen):
            chosen += [base for base in self.definitions if base.vendor in each.content.based_on]
        return tuple(dict.fromkeys(chosen))

    def _of_maker(self, device: Describes) -> Iterator[Definition]:
        maker = next((name for text in device.maker_names if (name := self.makers.leading(text))), None)
        for each in self.definitions:
            if any(brand.name == maker for brand in each.content.brands):
                yield each

    def is_imaging(self, sys_object_id: Oid | None) -> bool:
        """Return whether a definition knows this sysObjectID as that of an imaging device."""
        return sys_object_id is not None and any(
            sys_object_id[: len(prefix)] == prefix for each in self.definitions for prefix in each.content.match.imaging
        )

    def quirks_of(self, applying: Iterable[Definition]) -> Quirks:
        """Return the quirks of a device: for each the first definition that names it."""
        merged: dict[str, object] = {}
        for each in applying:
            for name in each.content.quirks.model_fields_set:
                merged.setdefault(name, getattr(each.content.quirks, name))
        return Quirks().model_copy(update=merged)

    def with_folder(self, folder: Path) -> "Definitions":
        """Return these definitions and those of `folder` (none where there is no such folder), read in the order of their names."""
        try:
            paths = sorted(path for path in folder.glob("*.toml") if path.is_file())
            sizes = accumulate(size if size <= LARGEST_FILE else 0 for size in (path.stat().st_size for path in paths))
            taken = [path for path, size in zip(paths[:MOST_FILES], sizes, strict=False) if size <= LARGEST_FOLDER]
        except OSError as error:
            problem = DefinitionError(f"The folder of definitions {folder} cannot be read: {error.strerror}.")
            return Definitions(self.definitions, (*self.problems, problem))
        found = self.with_files(taken)
        if left_out := paths[len(taken) :]:
            problem = DefinitionError(
                f"{_file_name(left_out[0])} and all that follows it by name is too much: of a folder {MOST_FILES} definitions of "
                f"{LARGEST_FOLDER // 1024} KiB together are read. Remove some."
            )
            return Definitions(found.definitions, (*found.problems, problem))
        return found

    def with_files(self, paths: Iterable[Path] | Mapping[Path, str]) -> "Definitions":
        """Return these definitions and those of `paths`; what cannot be used is left out and told in `problems`.

        A mapping gives each file that the hosting server has brought the name by which it is told; others are the site's own.
        """
        origin: Origin = "hosting" if isinstance(paths, Mapping) else "site"
        by_vendor = {each.vendor: each for each in self.definitions}
        problems = list(self.problems)
        for path in paths:
            try:
                definition = load(path, paths[path] if isinstance(paths, Mapping) else "")
            except DefinitionError as error:
                problems.append(error)
            else:
                by_vendor[definition.vendor] = replace(definition, origin=origin)
        return Definitions(tuple(by_vendor.values()), tuple(problems))


@cache
def builtin_definitions() -> Definitions:
    """Return the definitions that come with the program, read once. Each of them is tested: one that is broken raises."""
    folder = files("appliance").joinpath("definitions")
    entries = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda entry: entry.name)
    return Definitions(tuple(_parsed(entry.read_text(encoding="utf-8"), entry.name, context=TESTED) for entry in entries))


@cache
def _shipped_texts() -> frozenset[tuple[str, str]]:
    """Return the formats of free texts that come with the program."""
    return frozenset((rule.of, rule.pattern.text) for each in builtin_definitions().definitions for rule in each.content.texts)


def load(path: Path, name: str = "") -> Definition:
    """Return the definition in a file. Raises DefinitionError naming file (as `name`, where given), line and key."""
    file = name or _file_name(path)
    try:
        with path.open("rb") as opened:
            content = opened.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise DefinitionError(f"{file} is larger than {LARGEST_FILE // 1024} KiB: that is no vendor definition.")
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise DefinitionError(f"{file} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise DefinitionError(f"{file} is not UTF-8 text: byte {error.start} cannot be read.") from error
    return parse(text, file)


def _file_name(path: Path) -> str:
    """Return how a file is named to people."""
    return _printable(str(path))


def _printable(text: str) -> str:
    """Return a text with question marks in place of what no line can hold."""
    return "".join(character if character.isprintable() else "?" for character in text)


def parse(text: str, file: str) -> Definition:
    """Return the definition in `text`, which somebody has added; `file` is how an error names it. Raises DefinitionError."""
    definition = _parsed(text, file)
    for number, rule in enumerate(definition.content.texts):
        numbers = sorted(rule.pattern.names - {"model"})
        if numbers and (rule.of, rule.pattern.text) not in _shipped_texts():
            raise _error(
                *(text, file, ("text", str(number), "pattern")),
                f"{rule.of} is a free text: nothing but the model is taken out of it, and not {', '.join(numbers)}, which no mask "
                "sees. Name an object that is such a number; another format comes with a new version of the appliance",
            )
    return definition


def _parsed(text: str, file: str, context: str | None = None) -> Definition:
    try:
        require_short_keys(text)
        document = tomllib.loads(text)
    except RecursionError as error:
        raise DefinitionError(f"{file}: this is nested too deep.") from error
    except tomllib.TOMLDecodeError as error:
        raise DefinitionError(f"{file}: this is not TOML: {_shortened(str(error))}.") from error
    except ValueError as error:
        raise DefinitionError(f"{file}: a number in it has thousands of digits.") from error
    try:
        definition = Definition(file, DefinitionFile.model_validate(document, context=context))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        told = fault_words(first, _UNKNOWN)
        raise _error(text, file, tuple(map(str, first["loc"])), _sentence(told, first.get("input"))) from error
    except RecursionError as error:
        raise DefinitionError(f"{file}: this is nested too deep.") from error
    for path, reason in _troubles(definition.content):
        raise _error(text, file, tuple(path.split(".")), reason)
    return definition


def _troubles(content: DefinitionFile) -> Iterator[tuple[str, str]]:
    """Return what a definition of the right form still has wrong, by its path."""
    for asked in content.asked():
        if reason := content.why_not(asked):
            yield asked.path, reason
    yield from content.why_no_documents()
    for path, reference in content.referred():
        if not content.knows(reference):
            yield path, f"no object is called {reference!r}, and no records either"
    kinds = (content.objects, content.tables, content.papers, content.records, content.documents, content.web_documents)
    names = [each.name for kind in kinds for each in kind]
    for name in names:
        if names.count(name) > 1:
            yield "object", f"{name!r} is the name of two objects"


def _sentence(message: str, value: object) -> str:
    told = _shortened(message)
    if not isinstance(value, str | float | bool) and not (isinstance(value, int) and abs(value) < 2**64):
        return told
    shown = repr(value)
    return f"{told} (here: {shown})" if len(shown) <= _SHORT_TEXT and shown not in told else told


def _shortened(reason: str) -> str:
    """Return a reason that may repeat what somebody has written, at a length that a log takes."""
    return reason if len(reason) <= _LONGEST_REASON else f"{reason[: _LONGEST_REASON - 1]}…"


def _error(text: str, file: str, path: tuple[str, ...], reason: str) -> DefinitionError:
    lines = key_lines(text)
    where = _shortened(".".join(path)) or "the file"
    return DefinitionError(_printable(f"{file}, line {line_of(lines, path)}, {where}: {reason}."))
