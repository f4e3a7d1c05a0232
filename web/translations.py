"""The languages of the pages: which there are, which one a reader gets, and sentences of other rooms in it.

The catalogues are those of gettext, in `web/locale`; `make translations` brings them up to date with the texts of the pages.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from tornado import locale
from tornado.locale import Locale
from tornado.web import RequestHandler

from appliance.common.message import Message
from web import quantities

FOLDER = Path(__file__).parent / "locale"
DOMAIN = "dca"
ENGLISH = "en"
LANGUAGES: Mapping[str, str] = {ENGLISH: "English", "de": "Deutsch"}
"""Code and own name of each language."""


def load() -> None:
    """Read the catalogues. English is one of them: else a browser that prefers it would be given its second choice."""
    locale.set_default_locale(ENGLISH)
    locale.load_gettext_translations(str(FOLDER), DOMAIN)


def language(code: str) -> Locale | None:
    """Return a language by its code, None where there are no pages in it."""
    return locale.get(code) if code in LANGUAGES else None


def worded(text: str | None, reader: Locale) -> str:
    """Return a text in the language of its reader, empty where there is none; of a Message also those values that are messages."""
    if not isinstance(text, Message):
        return reader.translate(text) if text else ""
    template = reader.translate(text.template) if text.template else ""
    values = {name: worded(value, reader) if isinstance(value, Message) else value for name, value in text.values.items()}
    return template % values if values else template


class TranslatedHandler(RequestHandler):
    """A page in the language its reader prefers, of those it is there in."""

    languages: ClassVar[tuple[str, ...]] = tuple(LANGUAGES)

    def get_browser_locale(self, default: str = ENGLISH) -> Locale:
        """Return the language of the browser (Accept-Language), English where there are no pages in it."""
        asked = super().get_browser_locale(default)
        return asked if asked.code in self.languages else locale.get(ENGLISH)

    def _(self, text: str | None, plural: str | None = None, count: int | None = None) -> str:
        """Return a text in the language of the page; the same as `_` of the templates."""
        return worded(text, self.locale) if text is None or plural is None else self.locale.translate(text, plural, count)

    def get_template_namespace(self) -> dict[str, Any]:
        """Add what templates word their texts, amounts and days with."""
        return super().get_template_namespace() | {
            "_": self._,
            "size": partial(quantities.size, reader=self.locale),
            "written_day": partial(quantities.day, reader=self.locale),
        }
