"""What is wrong with a value from outside, in words for a person: pydantic's findings by their codes. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import ErrorDetails

from appliance.common.message import Message, message_of

_WHOLE_NUMBER = Message("Write a whole number")
_NUMBER = Message("Write a number")
_YES_OR_NO = Message("Write on or off, in a file true or false")
_TEXT = Message("Write a text")
_LIST = Message("Write a list")
_NAMED = Message("Write names with their values")
_DATE = Message("Write a date, such as 2026-12-24")
_WORDS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "missing": lambda _: Message("it is missing"),
    "int_type": lambda _: _WHOLE_NUMBER,
    "int_parsing": lambda _: _WHOLE_NUMBER,
    "int_from_float": lambda _: _WHOLE_NUMBER,
    "float_type": lambda _: _NUMBER,
    "float_parsing": lambda _: _NUMBER,
    "bool_type": lambda _: _YES_OR_NO,
    "bool_parsing": lambda _: _YES_OR_NO,
    "string_type": lambda _: _TEXT,
    "list_type": lambda _: _LIST,
    "tuple_type": lambda _: _LIST,
    "dict_type": lambda _: _NAMED,
    "model_type": lambda _: _NAMED,
    "date_type": lambda _: _DATE,
    "date_parsing": lambda _: _DATE,
    "date_from_datetime_parsing": lambda _: _DATE,
    "greater_than_equal": lambda limits: Message("The value must be at least %(least)s", least=limits["ge"]),
    "less_than": lambda limits: Message("The value must be less than %(limit)s", limit=limits["lt"]),
    "less_than_equal": lambda limits: Message("The value must be at most %(most)s", most=limits["le"]),
    "literal_error": lambda limits: Message("The value must be %(expected)s", expected=limits["expected"]),
    "string_pattern_mismatch": lambda limits: Message("The value must be of the form %(pattern)s", pattern=limits["pattern"]),
    "string_too_short": lambda limits: Message("Write at least %(count)d characters", count=limits["min_length"]),
    "string_too_long": lambda limits: Message("Write at most %(count)d characters", count=limits["max_length"]),
    "too_short": lambda limits: Message("Write at least %(count)d entries", count=limits["min_length"]),
    "too_long": lambda limits: Message("Write at most %(count)d entries", count=limits["max_length"]),
    "value_error": lambda limits: message_of(limits["error"]),
}
"""By the code of pydantic what is wrong with a value."""


def fault_words(item: ErrorDetails, unknown: str) -> str:
    """Return what is wrong with a value, without a full stop at its end; `unknown` is said of a name that nothing has."""
    if item["type"] == "extra_forbidden":
        return unknown
    if words := _WORDS.get(item["type"]):
        return words(item.get("ctx", {}))
    return item["msg"].replace("Input should be", "The value must be")
