"""What a person reads of a page, and which of it came from no catalogue: a fixture lets the English one put its texts into ⟦⟧."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tornado.locale import Locale

from web import catalogue, translations


class _Shown(HTMLParser):
    """Collects what a person reads or hears of a page: texts, and attributes that are texts."""

    NOT_READ = frozenset({"script", "style", "code", "pre", "time", "textarea"})
    READ = (
        "aria-label",
        "placeholder",
        "title",
        "data-confirm",
        "data-label",
        "data-away",
        "data-lost",
        "data-auto",
        "data-light",
        "data-dark",
    )

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[tuple[str, int]] = []
        """Each with how deep in brackets it begins: a sentence goes on behind a link or a moment in it."""
        self._depth = 0
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.texts += [(value, 0) for name, value in attrs if name in self.READ and value and "://" not in value]
        if tag not in ("meta", "link", "input", "img", "br", "line", "rect"):
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        mono = self.NOT_READ.intersection(self._inside)
        if data.strip() and not mono:
            self.texts.append((data.strip(), self._depth))
        self._depth += data.count("⟦") - data.count("⟧")


def _outside_brackets(text: str, depth: int) -> str:
    outside = ""
    for character in text:
        depth += (character == "⟦") - (character == "⟧")
        outside += character if depth == 0 and character != "⟧" else ""
    return outside


@pytest.fixture
def bracketed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the English catalogue put each text that it knows into brackets."""
    english = catalogue.read("en")
    for message in english:
        if message.id:
            message.string = f"⟦{message.id}⟧" if isinstance(message.id, str) else tuple(f"⟦{one}⟧" for one in message.id)
    folder = tmp_path / "locale" / "en" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "dca.mo").write_bytes(catalogue.compiled(english))
    monkeypatch.setattr(translations, "FOLDER", folder.parent.parent)
    Locale._cache.clear()
    yield
    monkeypatch.undo()
    translations.load()
    Locale._cache.clear()


def untranslated(page: str, data: re.Pattern[str]) -> list[str]:
    """Return the words of a page that came from no catalogue; `data` is what is in no language, other data are in capitals."""
    shown = _Shown()
    shown.feed(page)
    return [
        text for text, depth in shown.texts if not data.fullmatch(text) and re.search(r"[a-z]{3,}", _outside_brackets(text, depth))
    ]
