"""Forms over the settings model: what a page shows, what a person typed, and what is wrong with it, field by field."""

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from pydantic import BaseModel, ValidationError

from appliance.common.message import Message, sentences
from appliance.settings.layers import Effective
from appliance.settings.validation import ended, problems
from webui import texts


class Form:
    """Values and errors by field name. `locks` names the environment variable of fields that cannot be changed here.

    `origins` says of values that come from the hosting server for whom it has set them.
    """

    def __init__(self, values: dict[str, str] | None = None) -> None:
        self.values: dict[str, str] = values or {}
        self.errors: dict[str, str] = {}
        self.locks: dict[str, str] = {}
        self.origins: dict[str, str] = {}
        self.doubt = ""
        """What whoever has sent the form has to confirm before it is kept, in sentences; empty as a rule."""

    def text(self, field: str) -> str:
        """Return what the field shows."""
        return self.values.get(field, "")

    def error(self, field: str) -> str:
        """Return what is wrong with the field, empty when nothing is. The field `""` stands for the whole form."""
        return self.errors.get(field, "")

    def origin(self, field: str) -> str:
        """Return in plain words that the hosting server has set the value, empty where it has not."""
        return self.origins.get(field, "")

    def lock(self, field: str) -> str:
        """Return the variable that fixes the field, empty when it can be changed."""
        return self.locks.get(field, "")


class SectionForm(Form):
    """Some fields of one section of the settings."""

    def __init__(self, section: str, fields: Sequence[str], effective: Effective) -> None:
        super().__init__()
        self._section = section
        self._fields = fields
        self._current: BaseModel = getattr(effective.settings, section)
        for field in fields:
            self.values[field] = _shown(getattr(self._current, field))
            if variable := effective.variables.get(f"{section}.{field}"):
                self.locks[field] = variable
            self.origins[field] = texts.LAYERS.get(effective.layer_of(f"{section}.{field}"), "")

    def take(self, argument: Callable[[str], str | None]) -> dict[str, dict[str, Any]] | None:
        """Take what a person sent (`argument` gives a field's text, None when it is absent) and return the changes for the store.

        Returns None when something is not valid: `errors` then says what, and `values` hold what was typed. Fields left as they
        are do not become changes, so that a value of the hosting server stays one.
        """
        sent: dict[str, Any] = {}
        for field in self._fields:
            typed, current = argument(field), getattr(self._current, field)
            # A box that is not ticked is absent; a number or a choice that is absent was not on the form.
            on_form = typed is not None or isinstance(current, bool | tuple)
            if on_form and not self.lock(field):
                sent[field] = _parsed(typed, current)
                self.values[field] = typed if typed is not None else ""
        try:
            valid = type(self._current).model_validate(self._current.model_dump() | sent)
        except ValidationError as error:
            self._explain(problems(error))
            return None
        changed = {field: _plain(getattr(valid, field)) for field in sent if getattr(valid, field) != getattr(self._current, field)}
        return {self._section: changed} if changed else {}

    def _explain(self, found: list[tuple[str, str]]) -> None:
        told: dict[str, list[str]] = {}
        for path, message in found:
            field, _, rest = path.partition(".")
            text = ended(message)
            if rest.isdigit():
                text = Message("Line %(number)d: %(problem)s", number=int(rest) + 1, problem=text)
            told.setdefault(field, []).append(text)
        for field, texts_of_field in told.items():
            self.errors[field] = sentences(self.error(field), *texts_of_field)


def lines(text: str) -> list[str]:
    """Return the entries of a list typed one a line, or with commas or semicolons."""
    return [entry for part in re.split(r"[\n,;]", text) if (entry := part.strip())]


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return "\n".join(str(item) for item in value)
    if isinstance(value, bool):
        return "on" if value else ""
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _parsed(typed: str | None, current: Any) -> Any:
    if isinstance(current, tuple):
        return lines(typed or "")
    if isinstance(current, bool):
        return typed == "on"
    text = (typed or "").strip()
    return text if text or isinstance(current, str) else None


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
