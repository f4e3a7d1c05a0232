"""The reading as it is kept and sent: the contract with the hosting server.

Names of types, classes, units and errors are the enumeration names of RFC 3805 (Printer-MIB), RFC 2790 (Host Resources) and
IANA-PRINTER-MIB. What a device did not say is null, and `reasons` tells why, by dotted path: `{"device.serial": "not reported"}`.
Fields may be added to schema 1, never renamed; a reader ignores fields it does not know.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints

from appliance.common.clock import to_rfc3339

SCHEMA: Literal[1] = 1


def _in_utc(moment: datetime) -> datetime:
    """Return the moment in UTC; one without an offset is taken as UTC. Raises ValueError outside the years 1970 to 9998."""
    try:
        utc = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        utc = datetime.max.replace(tzinfo=UTC)
    if not 1970 <= utc.year <= 9998:
        raise ValueError("the year is outside 1970 to 9998")
    return utc


Moment = Annotated[datetime, AfterValidator(_in_utc), PlainSerializer(to_rfc3339, return_type=str)]
Text = Annotated[str, StringConstraints(max_length=1024)]
DeviceKey = Annotated[str, StringConstraints(min_length=3, max_length=200)]
Count = Annotated[int, Field(ge=0, lt=2**63)]
Uuid7 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")]


class Part(BaseModel):
    """Base of every part of a reading."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Device(Part):
    """Who the device is. `key` is stable over time: `serial:MAKER:SERIAL`, else `mac:HEX`, else `address:IP`."""

    key: DeviceKey
    ip: Text | None = None
    hostname: Text | None = None
    mac: Text | None = None
    manufacturer: Text | None = None
    model: Text | None = None
    description: Text | None = None
    serial: Text | None = None
    asset_number: Text | None = None
    location: Text | None = None
    firmware: Text | None = None
    color: bool | None = None


class Status(Part):
    """How the device is: hrPrinterStatus, hrDeviceStatus, hrPrinterDetectedErrorState and the lines of its panel."""

    printer: Literal["idle", "printing", "warmup", "sleeping", "other", "unknown"] = "unknown"
    device: Literal["running", "warning", "testing", "down", "unknown"] = "unknown"
    errors: tuple[Text, ...] = ()
    console: tuple[Text, ...] = ()


class Alert(Part):
    """A row of prtAlertTable; `since` is the moment the alert was raised, when the device tells its uptime."""

    severity: Text
    group: Text
    code: Text
    location: int | None = None
    description: Text | None = None
    since: Moment | None = None


class Meter(Part):
    """A counter that only ever rises; `source` names the object it came from."""

    value: Count
    unit: Text
    source: Text


class Supply(Part):
    """A row of prtMarkerSuppliesTable, or what other sources tell of a supply; no two of a reading have one `index`.

    `level` and `capacity` are the raw integers of the device (negative ones are RFC 3805's special values); `percent` is null
    unless it is truly known, 0 to 100.
    """

    index: Text
    type: Text
    supply_class: Text = Field(alias="class")
    color: Text | None = None
    description: Text | None = None
    unit: Text | None = None
    level: int | None = None
    capacity: int | None = None
    percent: Annotated[float, Field(ge=0, le=100)] | None = None
    state: Literal["ok", "low", "empty", "full", "some_remaining", "unknown", "unrestricted"] = "unknown"
    serial: Text | None = None
    part_number: Text | None = None
    source: Text

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True, serialize_by_alias=True)


class Tray(Part):
    """A row of prtInputTable; `level` is raw, as in a supply."""

    index: Text
    name: Text | None = None
    media: Text | None = None
    capacity: int | None = None
    level: int | None = None
    state: Literal["ok", "low", "empty", "full", "some_remaining", "unknown", "unrestricted"] = "unknown"


SecurityLevelName = Literal["noAuthNoPriv", "authNoPriv", "authPriv"]
"""The names of SnmpSecurityLevel (RFC 3411)."""


class SnmpAccess(Part):
    """With which kind of credential a device let us in over SNMP; neither the secret nor the name of it."""

    version: Literal["1", "2c", "3"]
    credential: Literal["community", "user"]
    default: bool | None = None
    """Of a community: whether it is a word that devices are sold with."""
    level: SecurityLevelName | None = None
    """Of a user; its protocols by the names people know."""
    auth_protocol: Text | None = None
    priv_protocol: Text | None = None


class Access(Part):
    """How a device was read; null where it was not read so. `ipp` and `http` are `http`, or the version of TLS (`TLSv1.3`)."""

    snmp: SnmpAccess | None = None
    ipp: Text | None = None
    http: Text | None = None

    def joined(self, other: "Access | None") -> "Access":
        """Return it with what `other` tells beyond it."""
        missing = {name: getattr(other, name, None) for name in type(self).model_fields if getattr(self, name) is None}
        return self.model_copy(update=missing)


class Reading(Part):
    """Everything one device said at one moment."""

    # `schema` would hide an attribute of BaseModel, so the wire name is an alias.
    schema_version: Literal[1] = Field(default=SCHEMA, alias="schema")
    taken_at: Moment
    device: Device
    status: Status = Status()
    alerts: tuple[Alert, ...] = ()
    meters: dict[Text, Meter] = Field(default_factory=dict)
    supplies: tuple[Supply, ...] = ()
    trays: tuple[Tray, ...] = ()
    misc: dict[Text, Any] = Field(default_factory=dict)
    reasons: dict[Text, Text] = Field(default_factory=dict)
    sources: dict[Text, Text] = Field(default_factory=dict)
    """From which object a field of `device` came, by dotted path; meters and supplies name theirs themselves."""
    access: Access | None = None

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True, serialize_by_alias=True)

    def to_json(self) -> str:
        """Return the reading as compact JSON, as it is stored and sent."""
        return self.model_dump_json()


class Event(Part):
    """Something that happened to a device, once: `supply_replaced`, `device_moved`, …; `text` says it in a sentence.

    `detail` holds what the sentence is made of, as JSON values; `id` is a UUIDv7 made at the site.
    """

    id: Uuid7
    at: Moment
    kind: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]
    device: DeviceKey | None = None
    text: Text
    detail: dict[Text, Any] = Field(default_factory=dict)

    def to_json(self) -> str:
        """Return the event as compact JSON, as it is sent."""
        return self.model_dump_json()


class Change(Part):
    """A reading, told as what changed since an earlier one of the same device that the hosting server has acknowledged.

    `base` is the moment that one was taken at; `appliance.report.changes` says what a patch and the digest of the new reading are.
    """

    device: DeviceKey
    base: Moment
    digest: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8}$")]
    patch: dict[str, Any]


class Batch(Part):
    """The body of `POST /api/v1/readings`. `batch` is a UUIDv7 made at the site, kept until the server acknowledged it."""

    schema_version: Literal[1] = Field(default=SCHEMA, alias="schema")
    batch: Uuid7
    readings: Annotated[tuple[Reading, ...], Field(max_length=1000)]
    changes: Annotated[tuple[Change, ...], Field(max_length=1000)] = ()
    events: Annotated[tuple[Event, ...], Field(max_length=1000)] = ()

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True, serialize_by_alias=True)
