"""What a source other than SNMP says of a device, in the form of a reading, and what a reading leaves open."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from appliance.report import Access, Alert, Meter, Reading, Supply, Tray

TONERS_AND_INKS = frozenset({"toner", "tonerCartridge", "ink", "inkCartridge", "matteToner", "matteInk"})
"""prtMarkerSuppliesType of what is replaced by number."""


_MISC_CHANGING = frozenset({"ipp_state_reasons"})
"""Of `misc` what changes from one reading to the next."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Parts of a reading from one source; `source` names it ("IPP"), for the fields that have no source of their own."""

    source: str
    device: Mapping[str, str] = field(default_factory=dict)
    """Fields of `report.Device` by name."""
    printer_status: str | None = None
    meters: Mapping[str, Meter] = field(default_factory=dict)
    supplies: tuple[Supply, ...] = ()
    trays: tuple[Tray, ...] = ()
    errors: tuple[str, ...] = ()
    """Names of bits of hrPrinterDetectedErrorState."""
    alerts: tuple[Alert, ...] = ()
    """Of use where SNMP tells nothing: the table of alerts of SNMP is whole, also where it is empty."""
    misc: Mapping[str, str | int] = field(default_factory=dict)
    device_id: Mapping[str, str] = field(default_factory=dict)
    """The fields of the IEEE 1284 device ID, which tell maker and model where SNMP tells nothing."""
    access: Access | None = None
    """How it was asked."""
    unproven: bool = False
    """Whether no recording of a device has shown yet that this source says it."""

    def lasting(self) -> "Parts":
        """Return what stays true for a day: without meters, status and levels."""
        supplies = tuple(_numbers_only(row) for row in self.supplies)
        misc = {name: value for name, value in self.misc.items() if name not in _MISC_CHANGING}
        return Parts(self.source, self.device, supplies=supplies, misc=misc, access=self.access, unproven=self.unproven)


def says_who_it_is(parts: Parts) -> bool:
    """Return whether what was said over IPP names a printer: printer-make-and-model or printer-device-id is there."""
    return bool(parts.device_id or parts.device.get("description"))


def _numbers_only(row: Supply) -> Supply:
    unknown = {"level": None, "capacity": None, "percent": None, "state": "unknown"}
    return row.model_copy(update=unknown)


_CHANGING = ("total", "total_mono", "total_color", "supplies", "levels")
"""Fields of `OpenItems`: what changes from one reading to the next."""


@dataclass(frozen=True, slots=True)
class OpenItems:
    """What SNMP left open in a reading, of what another source may know."""

    serial: bool = False
    firmware: bool = False
    total: bool = False
    total_mono: bool = False
    """How much of the total of a device that prints colour is mono."""
    total_color: bool = False
    supplies: bool = False
    """There are no supplies at all."""
    levels: bool = False
    """A toner, an ink or another consumable has no percentage."""
    cartridge_serials: bool = False

    def __bool__(self) -> bool:
        return self.serial or self.firmware or self.cartridge_serials or self.changing

    @property
    def changing(self) -> bool:
        """Whether anything is open that changes from one reading to the next."""
        return any(getattr(self, name) for name in _CHANGING)

    def answered_by(self, still: "OpenItems") -> bool:
        """Return whether something that changes was open here and no longer is in `still`."""
        return any(getattr(self, name) and not getattr(still, name) for name in _CHANGING)


def needs_supplement(reading: Reading) -> OpenItems:
    """Return what `reading` leaves open. Serial numbers of cartridges are asked of HP alone, whose pages have them."""
    rows = [row for row in reading.supplies if row.supply_class != "receptacleThatIsFilled"]
    numbered = [row for row in rows if row.type in TONERS_AND_INKS]
    return OpenItems(
        serial=reading.device.serial is None,
        firmware=reading.device.firmware is None,
        total="total" not in reading.meters,
        total_mono=reading.device.color is True and "total_mono" not in reading.meters,
        total_color=reading.device.color is True and "total_color" not in reading.meters,
        supplies=not reading.supplies,
        levels=any(row.percent is None and row.state in ("unknown", "some_remaining") for row in rows),
        cartridge_serials=reading.device.manufacturer == "HP" and any(row.serial is None for row in numbered),
    )
