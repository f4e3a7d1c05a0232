"""What people's programs read: sites and devices, opened by a token. And whether the server lives."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import ClassVar

import sqlalchemy as sa

from hosting.api.base import ApiHandler, TokenHandler
from hosting.api.errors import ApiError
from hosting.clock import to_rfc3339, utc_now
from hosting.contact import contact
from hosting.db import fleet, sites
from hosting.db.fleet import LatestReading

PAGE = 1000


class SitesHandler(TokenHandler):
    """`GET /api/v1/sites`."""

    async def get(self) -> None:
        """Answer all sites with what they last said."""
        found = await self.services.database.read(sites.all_sites)
        now = utc_now()
        self.answer(
            {
                "sites": [
                    {
                        "site_id": site.site_id,
                        "site_name": site.name,
                        "contact": contact(site, now, self.config.check_in_seconds),
                        "version": site.version,
                        "created_at": to_rfc3339(site.created_at),
                        "enrolled_at": to_rfc3339(site.enrolled_at),
                        "revoked_at": to_rfc3339(site.revoked_at),
                        "last_contact_at": to_rfc3339(site.last_contact_at),
                        "state": site.state,
                    }
                    for site in found
                ]
            }
        )


class DevicesHandler(TokenHandler):
    """`GET /api/v1/devices`, with `site=ID`, `limit=N` (at most 1,000) and `after=CURSOR`."""

    async def get(self) -> None:
        """Answer the newest reading of each device, and in `next` the cursor of what follows, or null."""
        limit = self._limit()
        site_id = self.get_query_argument("site", None)
        after = _cursor(self.get_query_argument("after", None))
        rows = await self.services.database.read(
            lambda connection: fleet.devices_after(connection, site_id=site_id, after=after, limit=limit + 1)
        )
        following = _write_cursor(rows[limit - 1]) if len(rows) > limit else None
        devices = b",".join(_device(row) for row in rows[:limit])
        self.answer_json(b'{"devices":[' + devices + b'],"next":' + json.dumps(following).encode() + b"}")

    def _limit(self) -> int:
        text = self.get_query_argument("limit", str(PAGE))
        if not text.isdigit() or not 1 <= int(text) <= PAGE:
            raise ApiError(400, "not_understood", f"limit is no number from 1 to {PAGE}.")
        return int(text)


def _device(row: LatestReading) -> bytes:
    head = {"site_id": row.site_id, "site_name": row.site_name, "received_at": to_rfc3339(row.received_at)}
    # The reading is stored as JSON and passed on as it is.
    return json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()[:-1] + b',"reading":' + row.body.encode() + b"}"


def _write_cursor(row: LatestReading) -> str:
    return urlsafe_b64encode(json.dumps([row.site_id, row.device_key]).encode()).decode()


def _cursor(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    try:
        site_id, device_key = json.loads(urlsafe_b64decode(text.encode()))
    except ValueError as error:
        raise ApiError(400, "not_understood", "after is no cursor of this server: give back the `next` of the answer.") from error
    return str(site_id), str(device_key)


class HealthHandler(ApiHandler):
    """`GET /healthz`: for load balancers, without a token and without details."""

    SUPPORTED_METHODS: ClassVar[tuple[str, ...]] = ("GET", "HEAD")  # type: ignore[misc]

    async def get(self) -> None:
        """Answer 200 when the database answers, 503 when it does not."""
        await self.services.database.read(lambda connection: connection.execute(sa.select(1)).scalar())
        self.answer({"ok": True})

    async def head(self) -> None:
        """Answer as GET does, without the body."""
        await self.get()
