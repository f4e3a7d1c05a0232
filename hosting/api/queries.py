"""What the lists of the API can be asked: the parameters of their addresses, validated by the models the document is made of."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from appliance.common.clock import written_day, written_moment
from appliance.report.device_keys import CONTROL
from hosting.api.errors import ApiError
from hosting.db.export import Key

MOST = 1000


def cursor(key: Key) -> str:
    """Return what `after` is to be for what follows."""
    return urlsafe_b64encode(json.dumps(key).encode()).decode()


def _parts(text: str) -> Key:
    try:
        key = json.loads(urlsafe_b64decode(text.encode()))
        whole = isinstance(key, list) and all(isinstance(part, str) and "\x00" not in part and part.encode() for part in key[:2])
        whole = whole and all(isinstance(part, str) and (not part or date.fromisoformat(part)) for part in key[2:])
    except (ValueError, RecursionError):
        whole = False
    if not whole:
        raise ValueError("it is no cursor of this server: give back the `next` of the answer before")
    return tuple(key)


def _moment(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return written_moment(value).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError("it is no moment: write it as 2026-11-30T00:00:00Z") from error


def _day(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return written_day(value)
    except ValueError as error:
        raise ValueError("it is no day: write it as 2026-11-30") from error


def _whole(value: object) -> object:
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        raise ValueError("it is no whole number: write it as 100")
    return value


def _usable(text: str) -> str:
    if CONTROL.search(text):
        raise ValueError("it has characters that no key of a device has")
    return text


Moment = Annotated[datetime, BeforeValidator(_moment)]
Day = Annotated[date, BeforeValidator(_day)]
Cursor = Annotated[str, StringConstraints(max_length=1000, pattern=r"^[A-Za-z0-9_=-]*$")]
SiteId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{36}$")]
DeviceKey = Annotated[str, StringConstraints(min_length=3, max_length=200), AfterValidator(_usable)]


class ListQuery(BaseModel):
    """What all lists can be asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: Annotated[
        int | None,
        Field(ge=1, le=MOST, description="The most rows of a page. CSV without it is the whole list, JSON without it 1,000."),
        BeforeValidator(_whole),
    ] = None
    after: Annotated[Cursor | None, Field(description="The `next` of the page before.")] = None


class SitesQuery(ListQuery):
    """The parameters of `GET /api/v1/sites`."""

    since: Annotated[
        Moment | None, Field(description="Only sites that were heard of, or that anything was done to, since then.")
    ] = None


class OfDevices(ListQuery):
    """Which devices."""

    site: Annotated[SiteId | None, Field(description="Only devices of the site with this id.")] = None
    device: Annotated[DeviceKey | None, Field(description="Only the device with this key; needs `site`.")] = None

    @model_validator(mode="after")
    def _of_a_site(self) -> "OfDevices":
        if self.device is not None and self.site is None:
            raise ValueError("device needs site: the key of a device counts within its site")
        return self


class DevicesQuery(OfDevices):
    """The parameters of `GET /api/v1/devices` and `GET /api/v1/meters/newest`."""

    since: Annotated[Moment | None, Field(description="Only devices of which a reading has come since then.")] = None


class MetersQuery(OfDevices):
    """The parameters of `GET /api/v1/meters`."""

    since: Annotated[Day | None, Field(description="The first day, as the site counts days.")] = None
    until: Annotated[Day | None, Field(description="The last day.")] = None


Query = TypeVar("Query", bound=ListQuery)


def parse_query(model: type[Query], arguments: Mapping[str, Sequence[bytes]]) -> Query:
    """Return the parameters of an address as `model`. Raises ApiError 400 that names what is wrong.

    A parameter that is unknown or there twice is refused: a list that left out a filter would show what nobody asked for.
    """
    values = {}
    for name, given in arguments.items():
        if len(given) > 1:
            raise ApiError(400, "not_understood", f"{name[:40]} is there more than once.")
        try:
            values[name] = given[0].decode()
        except UnicodeDecodeError as error:
            raise ApiError(400, "not_understood", f"{name[:40]} is no UTF-8 text.") from error
    try:
        return model.model_validate(values)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
        name = ".".join(map(str, fault["loc"]))[:40]
        if fault["type"] == "extra_forbidden":
            known = ", ".join(model.model_fields)
            raise ApiError(400, "not_understood", f"There is no parameter {name!r} here. There are: {known}.") from error
        told = fault["msg"].removeprefix("Value error, ")
        raise ApiError(400, "not_understood", f"{name}: {told}." if name else f"{told}.") from error


def after_of(query: ListQuery, parts: int) -> Key | None:
    """Return the key behind which a page begins, None at the start. Raises ApiError 400 for a cursor of another list."""
    if query.after is None:
        return None
    try:
        key = _parts(query.after)
    except ValueError as error:
        raise ApiError(400, "not_understood", f"after: {error}.") from error
    if len(key) != parts:
        raise ApiError(400, "not_understood", "after: it is the cursor of another list.")
    return key
