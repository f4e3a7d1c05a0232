"""What the API answers, as models: the document of the API is made of them, and the tests hold the answers against them."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from appliance.report import Moment, Reading
from hosting.api.fleet import TYPED
from hosting.db.contact import Contact


class AnswerPart(BaseModel):
    """Base of every part of an answer. Members may be added; a client passes over those it does not know."""

    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)


class Error(AnswerPart):
    """Every error: a code for programs, a sentence for people."""

    error: Annotated[str, Field(examples=["bad_token"])]
    message: str


class Enrolled(AnswerPart):
    """Under which id the site is known from now on."""

    site_id: str
    root: str | None = None
    """The `root.json` of the repository whose SHA-256 was asked for, as it was published."""


class Intervals(AnswerPart):
    """How often a site is to check in and to send readings, in seconds."""

    check_in_seconds: Annotated[int, Field(ge=1)]
    upload_seconds: Annotated[int, Field(ge=1)]


class Command(AnswerPart):
    """What a site is to do. It may come again under the same id: a site does each id once."""

    id: str
    name: Literal["scan_now", "check_now", "send_support_bundle"]


class CheckedIn(AnswerPart):
    """What a site is told at its check-in."""

    server_time: Moment
    intervals: Intervals
    commands: list[Command]
    state_digest: str | None = None
    """Of the state as the server keeps it; the next check-in may name it as `unchanged`."""
    state_needed: bool | None = None
    """The server does not have the state named as `unchanged`: nothing was done, and the whole one is needed."""
    configuration: str | None = None
    """The marker of a configuration that the site has not told of."""
    rollout: str | None = None
    """The marker of a rollout that the site has not told of."""


class BatchTaken(AnswerPart):
    """What of a batch was new."""

    accepted: int
    duplicate: int
    changes: bool
    """Whether this server rebuilds changes."""
    needed: list[str] | None = None
    """Keys of devices of which a change could not be rebuilt: their readings are to be sent in full."""


class BundleTaken(AnswerPart):
    """Under which id a support bundle is kept."""

    bundle_id: str


class Probe(AnswerPart):
    """The server is well."""

    ok: Literal[True]
    certificate_expires_at: Moment | None = None
    """Where its certificate ends within 30 days."""


class SiteRow(AnswerPart):
    """A site."""

    site_id: str
    site_name: str
    contact: Contact
    """How long ago it was heard of, in one word, or why it is turned away."""
    version: str | None
    group: str | None
    created_at: Moment
    enrolled_at: Moment | None
    last_contact_at: Moment | None
    revoked_at: Moment | None
    deactivated_at: Moment | None
    expires_at: Moment | None
    state: dict[str, Any]
    """What it said of itself at its last check-in."""


class DeviceRow(AnswerPart):
    """A device, with its newest reading."""

    site_id: str
    site_name: str
    received_at: Moment
    reading: Reading


MeterValue = Annotated[int | None, Field(ge=0)]
TypedMeters: type[BaseModel] = create_model(
    "TypedMeters",
    __base__=AnswerPart,
    __doc__="Meters by their names in a reading, null where the device does not count so.",
    **dict.fromkeys(TYPED, MeterValue),  # type: ignore[call-overload]
)


class MeterRow(AnswerPart):
    """The meters of a device, of a day that is over (`/meters`) or as they were read last (`/meters/newest`)."""

    site_id: str
    site_name: str
    device_key: str
    manufacturer: str | None
    model: str | None
    serial: str | None
    day: date | None
    zone: str | None
    """The time zone in which the day began and ended."""
    read_at: Moment
    """When the meters were read: of a day, its last reading."""
    readings: Annotated[int, Field(ge=1)]
    """How many readings the day has."""
    meters: TypedMeters  # type: ignore[valid-type]
    other_meters: dict[str, int]
    units: dict[str, str]
    """Of meters that do not count impressions."""


class Following(AnswerPart):
    """Base of a page."""

    next: str | None
    """What `after` is to be for the next page; null at the end."""


class SitesPage(Following):
    """A page of sites."""

    sites: list[SiteRow]


class DevicesPage(Following):
    """A page of devices."""

    devices: list[DeviceRow]


class MetersPage(Following):
    """A page of meters."""

    meters: list[MeterRow]
