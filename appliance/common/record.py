"""How a file of ours becomes a value again: each field has its type and lies within its bounds, or nothing was read.

Files are damaged by disks, by power cuts and by hand. What comes out of here can be worked with as if this process had made it.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import fields, replace
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, Field, StringConstraints, TypeAdapter, ValidationError

from appliance.common.clock import from_rfc3339
from appliance.common.files import to_json
from appliance.common.message import Message

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Record = TypeVar("Record", bound="DataclassInstance")

LARGEST: Final = 2**53
"""No count of ours is larger; as a number of seconds it is too large, as one of anything else it can be added to."""
LONGEST_SECONDS: Final = 10**9
"""Some thirty years."""


def _moment(text: str) -> str:
    from_rfc3339(text)
    return text


Moment = Annotated[str, AfterValidator(_moment)]
"""RFC 3339."""
MomentOrNone = Annotated[str, AfterValidator(lambda text: _moment(text) if text else text)]
"""RFC 3339, or empty."""
Count = Annotated[int, Field(ge=0, le=LARGEST)]
Percent = Annotated[int, Field(ge=0, le=100)]
Seconds = Annotated[float, Field(ge=0, le=LONGEST_SECONDS, allow_inf_nan=False)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""In hex."""


def record_of(kind: type[Record], value: object) -> Record:
    """Return a record of a data class, without fields that are not known here.

    Raises ValueError unless each has its type; its sentence names the field, and not what stands there: that may be a secret.
    """
    if not isinstance(value, dict):
        raise ValueError("that is no record")
    known: dict[str, Any] = {each.name: value[each.name] for each in fields(kind) if each.name in value}
    try:
        record: Record = _adapter(kind).validate_json(to_json(known), strict=True)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise ValueError(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}") from None
    # What was validated is plain text where it was a message.
    return replace(record, **{name: member for name, member in known.items() if isinstance(member, Message)})


def records_of(kind: type[Record], values: Iterable[object]) -> list[Record]:
    """Return the records among values; what is none is left out."""
    found = []
    for value in values:
        with suppress(ValueError):
            found.append(record_of(kind, value))
    return found


@cache
def _adapter(kind: type[Record]) -> TypeAdapter[Record]:
    return TypeAdapter(kind)
