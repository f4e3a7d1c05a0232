"""Printers of an office, read by the appliance's own reader at several moments, while most of them print."""

import asyncio
import math
import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from appliance.privacy.people import scrub
from appliance.reading.device import read_device
from appliance.report import Access, Reading, SnmpAccess
from appliance.snmp.recording import Recording
from appliance.snmp.values import Value
from simulator.fleet import Options, generated_fleet
from simulator.printers import PrinterObjects
from simulator.printing import Printing

PRINTING_SHARE = 0.7
EVERY_SECONDS = 1800.0
FASTEST, SLOWEST = 10.0, 600.0
"""Seconds a page takes at those that print: 3 to 180 pages between two readings."""

_ACCESS = Access(snmp=SnmpAccess(version="2c", credential="community", default=True))
"""As the collector notes it of each device."""
_START = datetime(2026, 11, 22, 8, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Printer:
    """A printer, and when in a round of readings its turn comes."""

    printing: Printing
    address: str
    turn: float

    def read(self, round_number: int) -> Reading:
        """Return what the printer says in this round."""
        seconds = EVERY_SECONDS * (1 + round_number) + self.turn
        built = PrinterObjects(self.printing, self.address).build()
        said = {oid: value(seconds) if callable(value) else value for oid, value in built.items()}
        objects = {oid: Value(int(value.tag), value.content) for oid, value in said.items()}
        taken_at = (_START + timedelta(seconds=seconds)).replace(microsecond=0)
        reading = scrub(asyncio.run(read_device(Recording(objects, self.address), taken_at=taken_at)))
        return reading.model_copy(update={"access": _ACCESS})


def office(size: int) -> list[Printer]:
    """Return `size` printers of the simulator's models; `PRINTING_SHARE` of them print, each at its own pace."""
    chance = random.Random(size)  # noqa: S311 - not a secret, repeatable
    printing = set(chance.sample(range(size), math.ceil(size * PRINTING_SHARE)))
    printers = []
    for number, member in enumerate(generated_fleet(size, "127.1.0.1", Options(seed=size)).members):
        assert member.printing is not None
        pace = math.exp(chance.uniform(math.log(FASTEST), math.log(SLOWEST))) if number in printing else 0.0
        made = replace(member.printing, seconds_per_page=pace)
        if pace and not made.prints:
            awake = replace(made.model.status, printer="idle", device="running", errors=())
            made = replace(made, model=replace(made.model, status=awake))
        printers.append(Printer(made, member.address, number / 50 + chance.random()))
    return printers
