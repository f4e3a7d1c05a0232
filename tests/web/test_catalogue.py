"""The catalogues have every text of the pages, each translated, and are what gettext reads."""

import ast
from pathlib import Path

import pytest

from web import catalogue
from web.translations import LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_is_complete(language: str) -> None:
    assert catalogue.faults(language) == []


def test_what_is_missing_or_wrong_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = catalogue.po_file("de")
    monkeypatch.setattr(catalogue, "FOLDER", tmp_path)
    copy = catalogue.po_file("de")
    copy.parent.mkdir(parents=True)
    lines = original.read_text().split("\n\n")
    changes = {"vor %(amount)s": "vor %(sum)s", "%(name)s wurde gefunden.": "%(name)d wurde zu 100 % gefunden."}
    wrong = [block for block in lines if 'msgid "Devices"' not in block]
    for right, changed in changes.items():
        wrong = [block.replace(right, changed) for block in wrong]
    copy.write_text("\n\n".join([*wrong, 'msgid "Nobody says this"\nmsgstr "x"', 'msgid "Overviews"\nmsgstr ""\n']))
    copy.with_suffix(".mo").write_bytes(original.with_suffix(".mo").read_bytes())

    assert set(catalogue.faults("de")) == {
        "missing: 'Devices'",
        "not used any more: 'Nobody says this'",
        "not used any more: 'Overviews'",
        "not translated: 'Overviews'",
        "other values than its text has: '%(amount)s ago'",
        "other values than its text has: '%(name)s was found.'",
        "the compiled catalogue is another one",
    }


WORDS_OF_ENUMERATIONS = {
    "appliance/common/message.py",
    "appliance/events/sentences.py",
    "appliance/report/names.py",
    "webui/handlers/base.py",
}
"""Where a message is made of a name, or of what another message says."""


def test_texts_stand_where_they_can_be_found() -> None:
    """A text that comes to `Message` in a variable would be in no catalogue."""
    hidden = set()
    for room in (*catalogue.SITE, *catalogue.CONSOLE):
        for file in (catalogue.ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Message":
                    first = node.args[0] if node.args else None
                    if not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
                        hidden.add(str(file.relative_to(catalogue.ROOT)))

    assert hidden == WORDS_OF_ENUMERATIONS
