"""Brings the catalogues of `web/locale` up to date with the texts of the product: `make translations`. Needs Babel, no page does.

Texts are found where they are written: `_("…")` in templates and handlers, `Message("…")` and `translate("…")` elsewhere, and the
names of the enumerations that devices are read by. German is asked for what a site shows; the console is in English.
"""

import io
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, get_args

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from tornado.template import Loader

from appliance.common.message import PLACEHOLDER
from appliance.events.device_event import Kind
from appliance.reading import enumerations
from appliance.report.names import small_words, words
from appliance.report.supply_level import INKS
from web.translations import DOMAIN, ENGLISH, FOLDER, LANGUAGES

Text = str | tuple[str, str]
"""A text, or one for one thing and one for several."""

ROOT = FOLDER.parent.parent
SITE = ("appliance", "updater", "web", "webui")
CONSOLE = ("hosting",)
TEMPLATES = {"web": "web/templates", "webui": "webui/templates", "hosting": "hosting/console/templates"}
KEYWORDS: Mapping[str, Any] = {name: {None: (1,), 3: (1, 2)} for name in ("_", "translate")} | {"Message": None}
MISC = (
    *("config_changes", "engine_maker", "error_state", "ipp_state_reasons", "network_firmware"),
    *("firmware_name", "firmware_patches", "organization", "organizational_unit"),
    *("power_on_count", "printer_name", "printer_uuid", "uptime_seconds"),
)
"""What is told of every device beside the items of the reading; more is in the definitions of vendors."""


def texts(rooms: Iterable[str]) -> set[Text]:
    """Return the texts of these rooms."""
    found = {text for room in rooms for text in _written(room)} | set(_enumerations())
    if not set(CONSOLE).isdisjoint(rooms):
        found |= set(_enumerations_of_the_console())
    # What is said of one thing and of several is found as the text for one thing, too.
    return found - {text[0] for text in found if isinstance(text, tuple)}


@cache
def _written(room: str) -> frozenset[Text]:
    return frozenset(_found_in(room))


def _found_in(room: str) -> Iterator[Text]:
    for file in sorted((ROOT / room).rglob("*.py")):
        yield from _in_code(file.read_text(encoding="utf-8"))
    if room in TEMPLATES:
        folder = ROOT / TEMPLATES[room]
        loader = Loader(str(folder))
        for file in sorted(folder.rglob("*.html")):
            yield from _in_code(loader.load(str(file.relative_to(folder))).code)


def _in_code(code: str) -> Iterator[Text]:
    for _, message, _, _ in extract("python", io.BytesIO(code.encode()), keywords=KEYWORDS):
        if message:
            yield message if isinstance(message, str) else (message[0], message[1])


def _enumerations() -> Iterator[str]:
    """Yield the names that pages make words of: where they stand within a sentence in small letters."""
    small = (enumerations.SUPPLY_TYPE, enumerations.COUNTER_UNIT, enumerations.ALERT_SEVERITY, enumerations.ALERT_CODE)
    for name in (name for names in small for name in names.values()):
        yield str(small_words(name))
    for names in (enumerations.PRINTER_STATUS, enumerations.DEVICE_STATUS, enumerations.ALERT_GROUP, enumerations.ALERT_CODE):
        yield from (str(words(name)) for name in names.values())
    yield from (str(words(name)) for name in ("sleeping", *INKS, *MISC))
    yield str(small_words(enumerations.PAGES))
    for file in (ROOT / "appliance" / "definitions").glob("*.toml"):
        yield from (str(words(name)) for name in re.findall(r"\bmisc\.([a-z0-9_]+)", file.read_text(encoding="utf-8")))


def _enumerations_of_the_console() -> Iterator[str]:
    """Yield the names that stand by themselves there."""
    units, severities = enumerations.COUNTER_UNIT, enumerations.ALERT_SEVERITY
    for name in (*enumerations.SUPPLY_TYPE.values(), *units.values(), *severities.values(), *get_args(Kind), enumerations.PAGES):
        yield str(words(name))


def wanted(language: str) -> set[Text]:
    """Return the texts a catalogue has to have."""
    return texts((*SITE, *CONSOLE)) if language == ENGLISH else texts(SITE)


def po_file(language: str) -> Path:
    """Return the catalogue of a language that people edit; beside it lies the one that pages are made with."""
    return FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(language: str) -> Catalog:
    """Return the catalogue of a language, empty where there is none yet."""
    file = po_file(language)
    if not file.exists():
        return Catalog(language)
    with file.open("rb") as stream:
        return read_po(stream, language)


def brought_up_to_date(language: str) -> Catalog:
    """Return the catalogue with all texts that are wanted and no other; what nobody has translated yet is empty."""
    before = read(language)
    after = Catalog(language, header_comment="", project="DCA appliance", fuzzy=False)
    for text in sorted(wanted(language), key=lambda text: text if isinstance(text, str) else text[0]):
        old = before.get(text if isinstance(text, str) else text[0])
        after.add(text, text if language == ENGLISH else old.string if old and old.id == text else "")
    return after


def compiled(catalog: Catalog) -> bytes:
    """Return what gettext reads: the same bytes for the same texts, whenever they are made."""
    catalog.creation_date = catalog.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    stream = io.BytesIO()
    write_mo(stream, catalog)
    return stream.getvalue()


def edited(catalog: Catalog) -> bytes:
    """Return what people edit: sorted, without dates and lines, so that a change shows what has changed."""
    stream = io.BytesIO()
    write_po(stream, catalog, omit_header=True, width=0)
    header = f'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: {catalog.plural_forms}\\n"\n\n'
    return header.encode() + stream.getvalue()


def faults(language: str) -> list[str]:
    """Return what is wrong with the catalogue of a language as it stands, a line each."""
    catalog = read(language)
    there = {message.id: message for message in catalog if message.id}
    asked = wanted(language)
    found = [f"missing: {text!r}" for text in asked - there.keys()]
    found += [f"not used any more: {text!r}" for text in there.keys() - asked]
    for text, message in there.items():
        values = _placeholders(text if isinstance(text, str) else text[-1])
        strings = [message.string] if isinstance(message.string, str) else list(message.string or ("",))
        if not all(strings):
            found.append(f"not translated: {text!r}")
        elif any(_placeholders(string) != values for string in strings):
            found.append(f"other values than its text has: {text!r}")
        if message.fuzzy:
            found.append(f"fuzzy: {text!r}")
    if po_file(language).with_suffix(".mo").read_bytes() != compiled(catalog):
        found.append("the compiled catalogue is another one")
    return sorted(found)


def _placeholders(text: str) -> list[str]:
    """Return the values of a text with their types, and what is no value though it looks like one."""
    return sorted(match[0] for match in PLACEHOLDER.finditer(text)) + re.findall("%.?", PLACEHOLDER.sub("", text))


def main() -> int:
    """Write the catalogues anew and tell what is missing in them; the exit code is 1 where something is."""
    missing = 0
    for language in LANGUAGES:
        catalog = brought_up_to_date(language)
        file = po_file(language)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(edited(catalog))
        file.with_suffix(".mo").write_bytes(compiled(read(language)))
        wrong = faults(language)
        missing += len(wrong)
        print(f"{language}: {len(catalog)} texts", *wrong, sep="\n  ")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
