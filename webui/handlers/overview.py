"""The overview: is the site fine, and if not, what needs a hand."""

import asyncio
from collections.abc import Sequence
from typing import Any

from appliance.common.errors import StoreError
from appliance.report.supply_level import SupplyView, left, needs_attention, supply_view
from appliance.settings.scan_targets import wanted_targets
from appliance.store.rows import DeviceRow, EventRow
from webui.fleet import DeviceView, device_view
from webui.handlers.base import Page
from webui.networks import count_addresses

SHOWN_AT_MOST = 8
EVENTS_SHOWN = 6


class OverviewPage(Page):
    """What both handlers of the overview know."""

    async def values(self) -> dict[str, Any]:
        """Return what the overview shows."""
        (collector, supervisor), rows = await asyncio.gather(self.services.components.statuses(), read_devices(self))
        views = [device_view(row) for row in rows]
        troubled = [view for view in views if view.needs_attention]
        supplies = low_supplies(views)
        return {
            "collector": collector,
            "supervisor": supervisor,
            "status": collector.data,
            "hosting": collector.data.get("hosting") or {},
            "outbox": collector.data.get("outbox") or {},
            "last_scan": collector.data.get("last_scan"),
            "problems": [*collector.data.get("problems", []), *open_issues(supervisor.data)],
            "device_count": len(views),
            "answering": sum(view.row.answering for view in views),
            "troubled_count": len(troubled),
            "troubled": sorted(troubled, key=lambda view: (view.level != "bad", view.name))[:SHOWN_AT_MOST],
            "low_count": sum(view.supply_low for view in views),
            "low": supplies[:SHOWN_AT_MOST],
            "events": await read_events(self),
            "addresses": count_addresses(wanted_targets(self.effective().settings)),
        }


def open_issues(supervisor: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the issues of the supervisor that are not fixed, in the form of the collector's problems."""
    return [issue for issue in supervisor.get("issues", []) if not issue.get("fixed")]


def low_supplies(views: Sequence[DeviceView]) -> list[tuple[DeviceView, SupplyView]]:
    """Return the supplies to order or change, the emptiest first."""
    found = [(view, supply_view(supply)) for view in views for supply in view.row.reading.supplies if needs_attention(supply)]
    return sorted(found, key=lambda pair: (pair[1].level != "bad", left(pair[1].detail) or 0.0))


async def read_devices(page: Page) -> list[DeviceRow]:
    """Return the devices of the store, none while there is no store yet."""
    try:
        return await asyncio.to_thread(page.services.reader.devices)
    except StoreError:
        return []


async def read_events(page: Page) -> list[EventRow]:
    """Return the newest events, none while there is no store yet."""
    try:
        return await asyncio.to_thread(page.services.reader.events, EVENTS_SHOWN)
    except StoreError:
        return []


class Overview(OverviewPage):
    """The whole page."""

    async def get(self) -> None:
        """Show it."""
        self.page("overview.html", **await self.values())


class OverviewNow(OverviewPage):
    """The part that is asked for again while the page is open."""

    prolongs_session = False

    async def get(self) -> None:
        """Show it."""
        self.page("part_overview_now.html", **await self.values())
