"""A reading as the database keeps it."""

from datetime import datetime
from typing import NamedTuple

from pydantic import ValidationError

from appliance.common.clock import in_utc
from appliance.report import Device, Reading


class StoredReading(NamedTuple):
    """When a device was read, in UTC and whole seconds, and what it said: JSON of an appliance.report.Reading.

    What has its default is left out, as it was not by servers before.
    """

    taken_at: datetime
    body: str


def parse_stored(body: str, device_key: str, taken_at: datetime) -> Reading:
    """Return a reading as it is stored; of one that would not be taken in any more its device and its moment alone."""
    try:
        return Reading.model_validate_json(body)
    except ValidationError:
        return Reading.model_construct(taken_at=in_utc(taken_at), device=Device.model_construct(key=device_key))


def whole(body: str) -> str:
    """Return a reading as it is stored with all that it leaves out: the JSON that other programs are answered."""
    try:
        return Reading.model_validate_json(body).to_json()
    except ValidationError:  # one that would not be taken in any more
        return body
