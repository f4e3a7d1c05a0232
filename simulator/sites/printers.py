"""What the printers of simulated sites say: those of `simulator.models`, each with its own identity, pace and meters.

A printer is a function of its number and the moment, so that nothing of it has to be kept: a hundred thousand take no memory. What
it says is `simulator.truth`, in the form in which an appliance sends it.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from typing import Any

from appliance.report import Reading
from appliance.report.device_keys import device_key
from simulator.fleet import variant
from simulator.models import Model
from simulator.printing import Printing
from simulator.truth import METER_NAMES, printer_truth

PRINTING_SHARE = 0.7
FASTEST, SLOWEST = 10.0, 600.0
"""Seconds a page takes at those that print: 6 to 360 pages an hour."""
_NETWORK, _MOVED_NETWORK = int(IPv4Address("10.0.0.0")), int(IPv4Address("172.16.0.0"))
_ADDRESSES = 1 << 20

_ACCESS = {"snmp": {"version": "2c", "credential": "community", "default": True}}
_REASONS = {"device.asset_number": "not reported", "supplies.serial": "not reported"}
_SOURCES = {
    "device.serial": "prtGeneralSerialNumber.1",
    "device.model": "ppmPrinterIEEE1284DeviceId",
    "device.firmware": "entPhysicalFirmwareRev.1",
    "device.description": "hrDeviceDescr.1",
    "device.hostname": "sysName.0",
    "device.location": "sysLocation.0",
}


@dataclass(slots=True)
class History:
    """What has happened to the devices of a site, by their number there: moments in seconds since the start, in order."""

    resets: dict[int, list[float]] = field(default_factory=dict)
    moves: dict[int, list[float]] = field(default_factory=dict)

    def before(self, moments: dict[int, list[float]], device: int, seconds: float) -> list[float]:
        """Return those of the moments of a device that are over."""
        return [moment for moment in moments.get(device, ()) if moment < seconds]


class Printer:
    """One printer of a site; `seconds` are those since the start."""

    def __init__(self, models: Sequence[Model], number: int, device: int, seed: int) -> None:
        """`number` is unique in the fleet, `device` the number at its site."""
        model = variant(models[number % len(models)], number, seed)
        chance = random.Random(f"{seed} pace {number}")  # noqa: S311 - not a secret, repeatable
        prints = chance.random() < PRINTING_SHARE
        pace = math.exp(chance.uniform(math.log(FASTEST), math.log(SLOWEST))) if prints else 0.0
        made = Printing.start(model, pace, f"{seed} {model.device.serial}")
        if prints and not made.prints:
            awake = replace(model.status, printer="idle", device="running", errors=())
            made = replace(made, model=replace(model, status=awake))
        self._printing = made
        self._number = number
        self._device = device

    @property
    def key(self) -> str:
        """The key by which a site knows it."""
        device = self._printing.model.device
        return device_key(device.manufacturer, device.serial, device.mac, self._address(0))

    def total(self, history: History, seconds: float) -> int:
        """Return its total meter."""
        return int(self._truth(history, seconds)["meters"]["total"]["value"])

    def place(self, history: History, seconds: float) -> str:
        """Return its IP address."""
        return self._address(len(history.before(history.moves, self._device, seconds)))

    def reading(self, history: History, seconds: float, taken_at: datetime) -> Reading:
        """Return what it says, as read at `taken_at` by the clock of its site."""
        truth = self._truth(history, seconds)
        moves = len(history.before(history.moves, self._device, seconds))
        place = {"location": f"{truth['device']['location']}, moved {moves} times"} if moves else {}
        device = truth["device"] | {"key": self.key, "asset_number": None} | place
        printing = self._printing
        misc = {"uptime_seconds": printing.uptime(seconds) // 100, "config_changes": 3, "printer_name": device["hostname"]}
        return Reading.model_validate(
            {
                "taken_at": taken_at,
                "device": device,
                "status": truth["status"],
                "alerts": [_alert(row, taken_at) for row in truth["alerts"]],
                "meters": {name: row | {"source": self._source(name)} for name, row in truth["meters"].items()},
                "supplies": [row | {"source": f"prtMarkerSuppliesLevel.1.{row['index']}"} for row in truth["supplies"]],
                "trays": truth["trays"],
                "misc": misc,
                "reasons": _REASONS,
                "sources": _SOURCES,
                "access": _ACCESS,
            }
        )

    def _truth(self, history: History, seconds: float) -> dict[str, Any]:
        resets = history.before(history.resets, self._device, seconds)
        printing, address = self._printing, self.place(history, seconds)
        if resets:
            markers = tuple(replace(row, total=-printing.pages(row.counts, resets[-1])) for row in printing.model.markers)
            printing = replace(printing, model=replace(printing.model, markers=markers))
        return printer_truth(printing, address, seconds)

    def _address(self, moves: int) -> str:
        network = _MOVED_NETWORK if moves else _NETWORK
        return str(IPv4Address(network + (self._number + 7919 * moves) % _ADDRESSES + 1))

    def _source(self, meter: str) -> str:
        """Return from which objects a meter is: those that count these pages, or all that a total is the sum of."""
        rows = list(enumerate(self._printing.model.markers, 1))
        own = [index for index, row in rows if METER_NAMES[row.counts] == meter]
        return "+".join(f"prtMarkerLifeCount.1.{index}" for index in own or [index for index, _ in rows])


def _alert(row: dict[str, Any], taken_at: datetime) -> dict[str, Any]:
    since = taken_at - timedelta(seconds=row["seconds_ago"])
    return {name: value for name, value in row.items() if name != "seconds_ago"} | {"since": since.replace(microsecond=0)}


def moment_of(seconds: float) -> datetime:
    """Return the moment so many seconds after 1970, in whole seconds."""
    return datetime.fromtimestamp(int(seconds), UTC)
