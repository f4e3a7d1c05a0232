"""The description of a printer, one TOML file each in `models/`: what it is and how it is doing when the simulator starts."""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from simulator import mib
from simulator.errors import ModelError

Row = TypeVar("Row")

TOLD_OVER_IPP = ("serial", "firmware", "location", "meters", "supplies", "markers", "trays")


@dataclass(frozen=True, slots=True)
class Device:
    """Who the printer is: `manufacturer` and `model` as people write them, `mfg` and `mdl` as its IEEE 1284 device ID does.

    `description` is hrDeviceDescr, `system` is sysDescr.
    """

    manufacturer: str
    model: str
    mfg: str
    mdl: str
    description: str
    system: str
    object_id: str
    serial: str
    mac: str
    hostname: str
    location: str
    contact: str
    firmware: str
    color: bool
    command_set: str
    charset: str = "utf-8"
    up_days: float = 10.0
    wireless_mac: str = ""


@dataclass(frozen=True, slots=True)
class Snmp:
    """What the printer's agent can do."""

    versions: tuple[str, ...] = ("1", "2c")
    getbulk: bool = True
    max_reply: int = 1472


@dataclass(frozen=True, slots=True)
class Status:
    """How the printer is; `printer` is the name a person would use, sleeping included."""

    printer: str
    device: str
    errors: tuple[str, ...]
    console: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Work:
    """How fast the printer prints: `speed` 1.0 is one page in the simulator's `--advance` seconds."""

    speed: float = 1.0
    color_share: float = 0.0


@dataclass(frozen=True, slots=True)
class Marker:
    """A row of prtMarkerTable; `counts` says which pages its life count counts: all, mono or color."""

    total: int
    technology: str
    process: int = 1
    spot: int = 0
    unit: str = "impressions"
    counts: str = "all"
    power_on: int = 0


@dataclass(frozen=True, slots=True)
class Colorant:
    """A row of prtMarkerColorantTable."""

    value: str
    role: str = "process"


@dataclass(frozen=True, slots=True)
class Supply:
    """A row of prtMarkerSuppliesTable; `pages` is how many pages a full one lasts, 0 when its level does not move.

    `serial` and `part_number` repeat what the description holds: that they can be found there is part of the ground truth.
    """

    type: str
    description: str
    unit: str
    capacity: int
    level: int
    pages: int = 0
    color: str = ""
    supply_class: str = "supplyThatIsConsumed"
    serial: str = ""
    part_number: str = ""
    chip_serial: str = ""
    """The serial number that the documents of the maker tell, and nothing else does."""


@dataclass(frozen=True, slots=True)
class Web:
    """What the printer tells over HTTP.

    `tells` are the parts it has over IPP: serial, firmware, location, meters, supplies (`printer-supply`), markers (the same as
    CUPS has it) and trays. `ledm`: it has the status documents of HP. `ipp_versions` are those it speaks, `path` is where.
    """

    path: str = "/ipp/print"
    ipp_versions: tuple[str, ...] = ("1.1", "2.0")
    tells: tuple[str, ...] = ("serial", "firmware", "location", "meters", "supplies", "trays")
    ledm: bool = False


@dataclass(frozen=True, slots=True)
class Tray:
    """A row of prtInputTable."""

    name: str
    capacity: int
    level: int
    media: str = "A4"
    type: str = "sheetFeedAutoRemovableTray"
    unit: str = "sheets"


@dataclass(frozen=True, slots=True)
class Output:
    """A row of prtOutputTable."""

    name: str
    capacity: int
    remaining: int


@dataclass(frozen=True, slots=True)
class Alert:
    """A row of prtAlertTable, raised `minutes_ago` before the simulator started."""

    severity: str
    group: str
    code: str
    description: str
    location: int = 0
    group_index: int = 1
    training: int = 4
    minutes_ago: int = 30


@dataclass(frozen=True, slots=True)
class Model:
    """One printer, as described in its file."""

    name: str
    device: Device
    status: Status
    markers: tuple[Marker, ...]
    snmp: Snmp = Snmp()
    work: Work = Work()
    web: Web = Web()
    colorants: tuple[Colorant, ...] = ()
    supplies: tuple[Supply, ...] = ()
    trays: tuple[Tray, ...] = ()
    outputs: tuple[Output, ...] = ()
    alerts: tuple[Alert, ...] = ()


def load_models() -> tuple[Model, ...]:
    """Return the printers of the demo in the order of their file names. Raises ModelError."""
    files = sorted((Path(__file__).parent / "models").glob("*.toml"))
    return tuple(parse_model(file.stem, file.read_text(encoding="utf-8")) for file in files)


def parse_model(name: str, text: str) -> Model:
    """Return the printer described by the TOML `text`. Raises ModelError naming what does not fit."""
    try:
        tables = tomllib.loads(text)
        model = Model(
            name=name,
            device=_row(Device, tables.pop("device")),
            status=_row(Status, tables.pop("status")),
            snmp=_row(Snmp, tables.pop("snmp", {})),
            work=_row(Work, tables.pop("work", {})),
            web=_row(Web, tables.pop("web", {})),
            markers=_rows(Marker, tables.pop("markers")),
            colorants=_rows(Colorant, tables.pop("colorants", [])),
            supplies=_rows(Supply, tables.pop("supplies", [])),
            trays=_rows(Tray, tables.pop("trays", [])),
            outputs=_rows(Output, tables.pop("outputs", [])),
            alerts=_rows(Alert, tables.pop("alerts", [])),
        )
    except (tomllib.TOMLDecodeError, TypeError, KeyError) as error:
        raise ModelError(f"The printer {name} cannot be used: {error}.") from error
    if tables:
        raise ModelError(f"The printer {name} has entries nobody knows: {', '.join(tables)}.")
    _check_names(model)
    return model


def _row(kind: type[Row], table: dict[str, Any]) -> Row:
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    values = {"supply_class" if name == "class" and "supply_class" in known else name: value for name, value in table.items()}
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})


def _rows(kind: type[Row], tables: list[dict[str, Any]]) -> tuple[Row, ...]:
    return tuple(_row(kind, table) for table in tables)


def _check_names(model: Model) -> None:
    """Refuse a name that is not one of the MIB's enumeration."""
    colors = {colorant.value for colorant in model.colorants} | {""}
    used: list[tuple[str, object, str]] = [
        ("printer status", {*mib.PRINTER_STATUS, "sleeping"}, model.status.printer),
        ("device status", mib.DEVICE_STATUS, model.status.device),
        ("character set", mib.CHARACTER_SET, model.device.charset),
        *(("part told over IPP", TOLD_OVER_IPP, part) for part in model.web.tells),
        *(("error", mib.ERROR_BITS, error) for error in model.status.errors),
        *(("marker technology", mib.MARK_TECHNOLOGY, marker.technology) for marker in model.markers),
        *(("counter unit", mib.COUNTER_UNIT, marker.unit) for marker in model.markers),
        *(("pages counted", ("all", "mono", "color"), marker.counts) for marker in model.markers),
        *(("colorant role", mib.COLORANT_ROLE, colorant.role) for colorant in model.colorants),
        *(("supply type", mib.SUPPLY_TYPE, supply.type) for supply in model.supplies),
        *(("supply class", mib.SUPPLY_CLASS, supply.supply_class) for supply in model.supplies),
        *(("supply unit", mib.SUPPLY_UNIT, supply.unit) for supply in model.supplies),
        *(("supply color", colors, supply.color) for supply in model.supplies),
        *(("tray type", mib.INPUT_TYPE, tray.type) for tray in model.trays),
        *(("tray unit", mib.CAPACITY_UNIT, tray.unit) for tray in model.trays),
        *(("alert severity", mib.ALERT_SEVERITY, alert.severity) for alert in model.alerts),
        *(("alert group", mib.ALERT_GROUP, alert.group) for alert in model.alerts),
        *(("alert code", mib.ALERT_CODE, alert.code) for alert in model.alerts),
    ]
    for what, names, name in used:
        if name not in names:  # type: ignore[operator]
            raise ModelError(f"The printer {model.name} has the {what} {name!r}, which does not exist.")
