"""The pages of the devices."""

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import zip_longest

from tornado.locale import Locale
from tornado.web import HTTPError

from appliance.common.clock import in_utc
from appliance.common.message import Message
from appliance.report import Reading
from appliance.report.access import access_words
from appliance.report.names import meter_name, small_words, words
from appliance.report.proof import EXPLANATION, misc_of, unproven_in
from hosting.console import texts
from hosting.console.base import ConsoleHandler
from hosting.console.chart import draw
from hosting.console.views import DeviceView, device_view
from hosting.db import fleet, removal, sites
from hosting.db.connection.database import Connection
from hosting.db.fleet import LatestReading
from hosting.db.history import reader
from hosting.db.history.reader import DayOver
from hosting.db.intake import events, readings
from hosting.db.intake.events import DeviceEvent
from hosting.db.lists import devices
from hosting.db.lists.count import Count
from hosting.db.lists.devices import SORTS, DeviceQuery
from hosting.db.lists.keyset import Part
from hosting.db.removal import Plan
from web import quantities

PAGE = 50
SITES_OFFERED = 50
"""So many names are offered to whoever types the name of a site."""
HISTORY = 200
HISTORY_SHOWN = 12
HISTORY_BYTES = 4 * 1024 * 1024
"""A page has no more of readings, as they are stored: usual ones are some kilobytes each."""
DAYS, DAYS_SHOWN = 366, 7
EVENTS_SHOWN = 20
CONDITIONS = {
    "silent": Message("Silent"),
    "error": Message("Cannot print"),
    "warning": Message("Needs attention"),
    "ok": Message("In order"),
    "unknown": Message("Status not told"),
}


class DevicesPage(ConsoleHandler):
    """`/devices`: all devices, searched, filtered and sorted; the selection stands in the address."""

    async def get(self) -> None:
        """Show the list."""
        argument = self.get_query_argument
        selection = {
            "q": argument("q", "").strip()[:200],
            "site": argument("site", "").strip()[:100],
            "condition": self.chosen_argument("condition", CONDITIONS),
            "sort": argument("sort", "") if argument("sort", "") in SORTS else "",
            "order": "desc" if argument("order", "") == "desc" else "",
        }
        selection = {name: value for name, value in selection.items() if value}
        query = DeviceQuery(
            words=tuple(selection.get("q", "").split()[:8]),
            condition=selection.get("condition"),
            sort=selection.get("sort", "site"),
            descending="order" in selection,
            limit=PAGE,
        )
        query = replace(query, place=self.place(query.order, query.keys))

        def look(connection: Connection) -> tuple[Part[LatestReading], Count, list[tuple[str, str]], list[tuple[str, str]]]:
            names = sites.site_names(connection, limit=SITES_OFFERED)
            if "site" not in selection:
                return *devices.devices(connection, query), names, []
            meant = sites.sites_meant(connection, selection["site"].replace("\x00", ""), limit=SITES_OFFERED)
            if len(meant) != 1:
                return Part([]), Count(0), names, meant
            return *devices.devices(connection, replace(query, site_id=meant[0][0])), names, meant

        part, count, names, meant = await self.look(look)
        asked, site_name = selection.get("site", ""), ""
        if asked and len(meant) == 1:
            [(selection["site"], site_name)] = meant
        elif asked:
            self.set_status(422)
        self.page(
            "devices.html",
            devices=[device_view(row) for row in part.rows],
            part=part,
            order=query.order,
            count=count,
            names=names,
            asked=asked,
            meant=meant,
            site_name=site_name or asked,
            conditions=CONDITIONS,
            selection=selection,
            devices_listed=texts.devices_listed,
            number=quantities.number,
        )


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One stored reading in the table of meters; `change` is against the reading before."""

    taken_at: datetime
    meters: dict[str, int]
    change: int | None


@dataclass(frozen=True, slots=True)
class DayLine:
    """A day that is over: `value` is the meter at its end, `change` against the day before."""

    day: str
    value: int | None
    change: int | None
    readings: int


class DevicePage(ConsoleHandler):
    """`/device?site=ID&key=KEY`: everything one device said, and its meters over time."""

    async def get(self) -> None:
        """Show the device. Raises HTTPError 404."""
        site_id, key = self._exact("site"), self._exact("key")

        def look(connection: Connection) -> tuple[DeviceView, list[Reading], list[DayOver], list[DeviceEvent], Plan | None] | None:
            row = fleet.device(connection, site_id, key)
            if row is None:
                return None
            planned = removal.planned(connection, site_id).get(key)
            kept = list(readings.history(connection, site_id, key, limit=HISTORY, most=HISTORY_BYTES))
            days = reader.days(connection, site_id, key, limit=DAYS + 1)
            return device_view(row), kept, days, events.of_device(connection, site_id, key, limit=EVENTS_SHOWN), planned

        # A NUL can be in no key that was stored, and PostgreSQL refuses to compare with one.
        found = None if "\x00" in site_id + key else await self.look(look)
        if found is None:
            raise HTTPError(404)
        view, kept, days, happened, planned = found
        everything = self.get_query_argument("history", "") == "all"
        meter = _charted(view.reading)
        points = [(in_utc(item.taken_at), item.meters[meter].value) for item in reversed(kept) if meter and meter in item.meters]
        self.page(
            "device.html",
            view=view,
            reading=view.reading,
            access_words=access_words(view.reading.access),
            chart=draw(points, self._(meter_name(meter)), self.locale) if meter else None,
            charted=meter_name(meter) if meter else "",
            columns=_columns(view.reading),
            history=_history(kept, meter)[: HISTORY if everything else HISTORY_SHOWN],
            kept=len(kept),
            days=_days(days, meter, self.locale)[: DAYS if everything else DAYS_SHOWN],
            days_kept=min(len(days), DAYS),
            zones=", ".join(dict.fromkeys(each.zone for each in days)),
            events=happened,
            removal=planned,
            removal_days=removal.DAYS,
            meter_name=meter_name,
            words=words,
            state_word=texts.state,
            number=quantities.number,
            in_utc=in_utc,
            misc={name: self._plain(value) for name, value in sorted(misc_of(view.reading).items())},
            unproven=unproven_in(view.reading),
            explanation=EXPLANATION,
        )

    def _exact(self, name: str) -> str:
        """Return a value of the query as it was sent: Tornado's own way takes controls and outer spaces out of it, too."""
        values = self.request.query_arguments.get(name, [b""])
        return values[-1].decode(errors="replace")

    def _plain(self, value: object) -> str:
        """Return a value of `misc`, which may be anything, as a line of text."""
        if isinstance(value, list | tuple):
            return ", ".join(map(self._plain, value))
        if isinstance(value, dict):
            return ", ".join(f"{self._(small_words(str(name)))} {self._plain(item)}" for name, item in value.items())
        if isinstance(value, bool):
            return self._("yes") if value else self._("no")
        return self._("none") if value is None else str(value)


def _charted(reading: Reading) -> str | None:
    """Return the meter to draw: the total, else the first one the device reports."""
    return "total" if "total" in reading.meters else next(iter(reading.meters), None)


def _columns(reading: Reading) -> list[str]:
    return list(reading.meters)[:4]


def _history(kept: list[Reading], meter: str | None) -> list[HistoryLine]:
    lines = []
    for item, before in zip_longest(kept, kept[1:]):
        meters = {name: value.value for name, value in item.meters.items()}
        now, then = meters.get(meter or ""), before.meters.get(meter or "") if before else None
        # A counter that went back is an event, not a negative number of pages.
        change = now - then.value if now is not None and then and now >= then.value else None
        lines.append(HistoryLine(in_utc(item.taken_at), meters, change))
    return lines


def _days(days: list[DayOver], meter: str | None, locale: Locale) -> list[DayLine]:
    lines = []
    for each, before in zip_longest(days, days[1:]):
        now, then = (one.summary.meters.get(meter or "") if one else None for one in (each, before))
        value = now[0] if now else None
        change = now[0] - then[0] if now and then and now[0] >= then[0] else None
        lines.append(DayLine(quantities.day(each.day, locale), value, change, each.summary.number))
    return lines
