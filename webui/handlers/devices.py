"""The list of devices, and the page of one."""

import asyncio
from typing import Any

from tornado.web import HTTPError

from appliance.report.access import access_words
from appliance.report.condition import device_name
from appliance.report.names import METERS
from appliance.report.supply_level import supply_view
from webui.fleet import Selection, device_view, select
from webui.handlers.base import Page
from webui.handlers.overview import read_devices

READINGS_SHOWN = 30
EVENTS_SHOWN = 10
ADDRESSES_SHOWN = 10


class Devices(Page):
    """The list; its filter and order are in the address, so that they can be kept as a bookmark."""

    async def get(self) -> None:
        """Show the page, or the table alone when a script asks for it."""
        selection = Selection(
            text=self.get_query_argument("q", "")[:200],
            state=self.get_query_argument("state", ""),
            sort=self.get_query_argument("sort", "name"),
            descending=self.get_query_argument("order", "") == "desc",
            page=self.number_argument("page", 1),
        )
        listing = select(await read_devices(self), selection)
        template = "part_device_table.html" if self.partial else "devices.html"
        self.page(template, listing=listing, selection=selection, sort_link=self._sort_link, page_link=self._page_link)

    def _sort_link(self, selection: Selection, column: str) -> str:
        """Return the link of a column head: the order of this column, turned round when it is in force already."""
        turned = selection.sort == column and not selection.descending
        return self.url("/devices", selection.query(sort=column, order="desc" if turned else "", page=1))

    def _page_link(self, selection: Selection, page: int) -> str:
        return self.url("/devices", selection.query(page=page))


class Device(Page):
    """Everything the newest reading says, and how the total moved."""

    async def get(self, key: str) -> None:
        """Show the device with this key."""
        reader = self.services.reader
        row = await asyncio.to_thread(reader.device, key)
        if row is None:
            raise HTTPError(404)
        readings = await asyncio.to_thread(reader.readings, key, READINGS_SHOWN)
        events = await asyncio.to_thread(reader.events, EVENTS_SHOWN, key)
        addresses = await asyncio.to_thread(reader.addresses, key, ADDRESSES_SHOWN)
        reading = row.reading
        self.page(
            "device.html",
            row=row,
            view=device_view(row),
            reading=reading,
            device=reading.device,
            access_words=access_words(reading.access),
            name=device_name(reading.device),
            supplies=[supply_view(supply) for supply in reading.supplies],
            meters=_in_order(dict(reading.meters)),
            history=_history(readings),
            events=events,
            former_addresses=[stay for stay in addresses if stay.address != row.address],
        )


def _in_order(meters: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return the meters with the well-known ones first, in their usual order."""
    known = list(METERS)
    return sorted(meters.items(), key=lambda item: (known.index(item[0]) if item[0] in known else len(known), item[0]))


def _history(readings: list[Any]) -> list[tuple[Any, int, int | None]]:
    """Return moment, total and pages since the reading before, newest first, for readings that have a total."""
    totals = [(reading.taken_at, reading.meters["total"].value) for reading in readings if "total" in reading.meters]
    before = [value for _, value in totals[1:]]
    # A counter that went back is an event, not a negative number of pages.
    return [
        (at, value, value - before[index] if index < len(before) and value >= before[index] else None)
        for index, (at, value) in enumerate(totals)
    ]
