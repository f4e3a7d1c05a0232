"""What the documents name exists: modules, files and their links, and the terms of the glossary in the code."""

import re
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGES = ("appliance", "updater", "webui", "hosting", "simulator")
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
MODULE = re.compile(rf"(?:{'|'.join(PACKAGES)}|benchmarks|tests)(?:\.\w+)+")
FILE = re.compile(rf"(?:{'|'.join(PACKAGES)}|benchmarks|tests|docs|compose|frontend|requirements|\.ci)/[\w./-]*")


def identity(document: Path) -> str:
    """Return the name of a document in the report of the tests."""
    return str(document.relative_to(ROOT))


def quoted(document: Path) -> list[str]:
    """Return what stands in backticks in a document, blocks of commands left out."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", document.read_text(), flags=re.DOTALL))


def exists(dotted: str) -> bool:
    """Tell whether a dotted path is a room or module, or names something that one defines."""
    words = dotted.split(".")
    for length in range(len(words), 0, -1):
        path = ROOT.joinpath(*words[:length])
        module = path.with_suffix(".py") if path.with_suffix(".py").is_file() else path / "__init__.py"
        if module.is_file():
            return all(re.search(rf"\b{word}\b", module.read_text()) for word in words[length:])
    return False


@pytest.mark.parametrize("document", DOCUMENTS, ids=identity)
def test_every_module_a_document_names_exists(document: Path) -> None:
    named = [
        match[0]
        for text in quoted(document)
        for match in MODULE.finditer(text)
        if match.start() == 0 or text[match.start() - 1] in " ("
    ]

    assert [dotted for dotted in named if not exists(dotted)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=identity)
def test_every_file_a_document_names_exists(document: Path) -> None:
    named = [text for text in quoted(document) if FILE.fullmatch(text)]

    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=identity)
def test_every_link_to_a_document_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", document.read_text())

    assert [link for link in links if not (document.parent / link).exists()] == []


def test_the_map_is_three_pages_at_most() -> None:
    lines = (ROOT / "docs" / "architecture.md").read_text().splitlines()

    assert len(lines) <= 150
    assert max(map(len, lines)) <= 140


def glossary() -> list[str]:
    """Return the terms of the glossary in their order."""
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \|$", (ROOT / "docs" / "glossary.md").read_text(), re.MULTILINE)
    return rows[1:]


def words(text: str) -> str:
    """Return the words of a text in lower case, names taken apart at underscores and capitals: `ScanRun` is `scan run`."""
    return " ".join(re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+", text)).lower()


@cache
def code() -> str:
    """Return the words of all modules of the tree."""
    return words("\n".join(module.read_text() for package in PACKAGES for module in sorted((ROOT / package).rglob("*.py"))))


def test_the_glossary_is_sorted_and_says_each_term_once() -> None:
    assert glossary() == sorted(set(glossary()), key=str.lower)


@pytest.mark.parametrize("term", glossary())
def test_every_term_of_the_glossary_occurs_in_the_code(term: str) -> None:
    assert re.search(rf"\b{words(term)}s?\b", code())
