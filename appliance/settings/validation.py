"""Whether values are settings, in words for a person. Pure; the hosting server says the same of what it publishes."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from appliance.common.errors import SettingsError
from appliance.common.message import Message, message_of, sentences
from appliance.settings.model import CREDENTIAL_KINDS, Settings

_WHOLE_NUMBER = Message("Write a whole number")
_NUMBER = Message("Write a number")
_DATE = Message("Write a date, such as 2026-12-24")
_SWITCH = Message("Write on or off")
_WORDS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "extra_forbidden": lambda _: Message("there is no such setting"),
    "int_type": lambda _: _WHOLE_NUMBER,
    "int_parsing": lambda _: _WHOLE_NUMBER,
    "int_from_float": lambda _: _WHOLE_NUMBER,
    "float_type": lambda _: _NUMBER,
    "float_parsing": lambda _: _NUMBER,
    "date_type": lambda _: _DATE,
    "date_parsing": lambda _: _DATE,
    "date_from_datetime_parsing": lambda _: _DATE,
    "bool_type": lambda _: _SWITCH,
    "bool_parsing": lambda _: _SWITCH,
    "string_type": lambda _: Message("Write a text"),
    "tuple_type": lambda _: Message("Write a list"),
    "missing": lambda _: Message("This is missing"),
    "model_type": lambda _: Message("Write an object in JSON"),
    "model_attributes_type": lambda _: Message("Write an object in JSON"),
    "greater_than_equal": lambda limits: Message("The value must be at least %(least)s", least=limits["ge"]),
    "less_than_equal": lambda limits: Message("The value must be at most %(most)s", most=limits["le"]),
    "literal_error": lambda limits: Message("The value must be %(expected)s", expected=limits["expected"]),
    "string_too_short": lambda limits: Message("Write at least %(count)d characters", count=limits["min_length"]),
    "string_too_long": lambda limits: Message("Write at most %(count)d characters", count=limits["max_length"]),
    "too_short": lambda limits: Message("Write at least %(count)d entries", count=limits["min_length"]),
    "too_long": lambda limits: Message("Write at most %(count)d entries", count=limits["max_length"]),
    "value_error": lambda limits: message_of(limits["error"]),
}
"""By the code of pydantic what is wrong with a value."""


def validate(values: Mapping[str, Any], variables: Mapping[str, str] | None = None) -> Settings:
    """Return the settings made of `values` and defaults. Raises SettingsError, one sentence for each value that is not valid.

    `variables` names for a path the variable of the environment that set it: that is where it has to be changed.
    """
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        found = []
        for path, message in problems(error):
            variable = (variables or {}).get(".".join(path.split(".")[:2]))
            name = Message("%(path)s (set by %(variable)s)", path=path, variable=variable) if variable else path
            found.append(_about(name or Message("The settings"), message))
        raise SettingsError(sentences(*found)) from error


def validate_section(section: str, values: Mapping[str, Any]) -> None:
    """Raise SettingsError, one sentence for each value, unless `values` are fields of a section with values it may have."""
    model = Settings.model_fields[section].annotation if section in Settings.model_fields else None
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise SettingsError(_about(section[:60], Message("there is no such setting")))
    try:
        model.model_validate(values)
    except ValidationError as error:
        found = (_about(f"{section}.{path[:200]}", message) for path, message in problems(error)[:10])
        raise SettingsError(sentences(*found)) from error


def problems(error: ValidationError) -> list[tuple[str, str]]:
    """Return `(section.field, message)` for each problem, in words for a person; values are left out, for some are secret."""
    found = []
    for item in error.errors(include_url=False, include_input=False):
        path = ".".join(str(part) for part in item["loc"] if part not in CREDENTIAL_KINDS)
        found.append((path, _message(item)))
    return found


def _message(item: ErrorDetails) -> str:
    if words := _WORDS.get(item["type"]):
        return words(item.get("ctx", {}))
    return item["msg"].replace("Input should be", "The value must be")


def _about(name: str, message: str) -> Message:
    return Message("%(name)s: %(problem)s", name=name, problem=ended(message))


def ended(message: str) -> str:
    """Return a message as a sentence: with a full stop at its end."""
    return message if message.endswith(".") else Message("%(message)s.", message=message)
