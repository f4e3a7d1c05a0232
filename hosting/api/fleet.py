"""What people's programs read: sites and devices, opened by a token."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from appliance.common.clock import to_rfc3339, utc_now
from hosting.api.base import TokenHandler
from hosting.api.errors import ApiError
from hosting.db import fleet, sites
from hosting.db.contact import contact
from hosting.db.fleet import LatestReading
from hosting.db.history.stored_reading import whole
from hosting.db.sites import Site

PAGE = 1000


class ListHandler(TokenHandler):
    """Base of the lists: `limit=N` (at most 1,000) and `after=CURSOR`, which is the `next` of the answer before."""

    def limit(self) -> int:
        """Return how many rows are asked for. Raises ApiError 400."""
        text = self.get_query_argument("limit", str(PAGE))
        if not text.isdigit() or not 1 <= int(text) <= PAGE:
            raise ApiError(400, "not_understood", f"limit is no number from 1 to {PAGE}.")
        return int(text)

    def after(self, parts: int) -> list[str] | None:
        """Return the parts of the cursor, None at the start. Raises ApiError 400."""
        text = self.get_query_argument("after", None)
        if text is None:
            return None
        try:
            key = json.loads(urlsafe_b64decode(text.encode()))
        except ValueError:
            key = None
        if not isinstance(key, list) or len(key) != parts or not all(isinstance(part, str) for part in key):
            raise ApiError(400, "not_understood", "after is no cursor of this server: give back the `next` of the answer before.")
        return key


def _cursor(*key: str) -> str:
    return urlsafe_b64encode(json.dumps(key).encode()).decode()


class SitesHandler(ListHandler):
    """`GET /api/v1/sites`."""

    async def get(self) -> None:
        """Answer the sites with what they last said."""
        limit, after = self.limit(), self.after(1)
        found = await self.services.pages.read(
            lambda connection: sites.sites_after(connection, after=after[0] if after else None, limit=limit + 1)
        )
        following = _cursor(found[limit - 1].site_id) if len(found) > limit else None
        now = utc_now()
        listed = [_site(site, contact(site, now, self.config.check_in_seconds)) for site in found[:limit]]
        self.answer({"sites": listed, "next": following})


def _site(site: Site, word: str) -> dict[str, Any]:
    return {
        "site_id": site.site_id,
        "site_name": site.name,
        "contact": word,
        "version": site.version,
        "created_at": to_rfc3339(site.created_at),
        "enrolled_at": to_rfc3339(site.enrolled_at),
        "revoked_at": to_rfc3339(site.revoked_at),
        "deactivated_at": to_rfc3339(site.deactivated_at),
        "expires_at": to_rfc3339(site.expires_at),
        "group": site.group_name,
        "last_contact_at": to_rfc3339(site.last_contact_at),
        "state": site.state,
    }


class DevicesHandler(ListHandler):
    """`GET /api/v1/devices`, with `site=ID` for one site."""

    async def get(self) -> None:
        """Answer the newest reading of each device, and in `next` the cursor of what follows, or null."""
        limit, after = self.limit(), self.after(2)
        site_id = self.get_query_argument("site", None)
        cursor = (after[0], after[1]) if after else None
        rows = await self.services.pages.read(
            lambda connection: fleet.devices_after(connection, site_id=site_id, after=cursor, limit=limit + 1)
        )
        following = _cursor(rows[limit - 1].site_id, rows[limit - 1].device_key) if len(rows) > limit else None
        devices = b",".join(_device(row) for row in rows[:limit])
        self.answer_json(b'{"devices":[' + devices + b'],"next":' + json.dumps(following).encode() + b"}")


def _device(row: LatestReading) -> bytes:
    head = {"site_id": row.site_id, "site_name": row.site_name, "received_at": to_rfc3339(row.received_at)}
    reading = whole(row.body)
    return json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()[:-1] + b',"reading":' + reading.encode() + b"}"
