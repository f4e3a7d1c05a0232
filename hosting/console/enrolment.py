"""The page that makes enrolment strings."""

from typing import Any

from appliance.common.message import message_of
from hosting.config import check_public_url
from hosting.console import texts
from hosting.console.base import ConsoleHandler
from hosting.console.tokens import CHOOSE_DAYS
from hosting.db import site_names, sites
from hosting.db.connection.database import Connection
from hosting.db.lists.count import Count
from hosting.db.lists.keyset import Part
from hosting.enrolment import enrolment_string
from hosting.errors import ConfigurationError
from hosting.repository.folder import RepositoryFolder

DAYS = (1, 7, 30)
DAYS_PROPOSED = 7
PAGE = 50
CODES_ORDER = "codes"


class EnrolmentPage(ConsoleHandler):
    """`/enrolment`: make a one-time string for a site; it is shown in the answer of the POST and never again."""

    async def get(self) -> None:
        """Show the form and the codes nobody has used yet."""
        await self._show(name=self.get_query_argument("site", "").strip()[:100])

    async def post(self) -> None:
        """Make a code and show it."""
        name = self.get_body_argument("site", "").strip()
        days_text = self.get_body_argument("days", str(DAYS_PROPOSED))
        address_text = self.get_body_argument("url", "").strip()
        faults: dict[str, str] = {}
        days = int(days_text) if days_text in map(str, DAYS) else 0
        if not days:
            faults["days"], days = CHOOSE_DAYS, DAYS_PROPOSED
        if not site_names.is_name(name):
            faults["site"] = site_names.NAME_RULE
        try:
            address = check_public_url(address_text)
        except ConfigurationError as error:
            address, faults["url"] = address_text, message_of(error)
        if faults:
            self.set_status(422)
            await self._show(name=name, address=address, days=days, faults=faults)
            return
        actor, from_address = self.actor, self.client_ip

        def make(connection: Connection) -> tuple[str, str]:
            return sites.make_enrolment_code(connection, name, days=days, actor=actor, address=from_address)

        site_id, code = await self.services.pages.write(make)
        made = await self.services.pages.run(lambda: enrolment_string(self.config, address, code))
        await self._show(made=made, made_for=name, made_days=days, site_id=site_id)

    async def _show(self, **values: Any) -> None:
        words, place = self.get_query_argument("q", "").strip()[:200], self.place(CODES_ORDER, sites.CODES)

        def look(connection: Connection) -> tuple[Part[Any], Count]:
            return sites.open_codes(connection, words=words.split()[:8], place=place, limit=PAGE)

        part, count = await self.services.pages.read(look)
        shown: dict[str, Any] = {
            "name": "",
            "address": self._own_address(),
            "days": DAYS_PROPOSED,
            "faults": {},
            "made": None,
            "made_for": "",
        }
        shown["ready"] = RepositoryFolder(self.config.repository).is_published
        shown |= {
            "made_days": DAYS_PROPOSED,
            "site_id": "",
            "waiting": part.rows,
            "part": part,
            "order": CODES_ORDER,
            "choices": DAYS,
        }
        shown |= {"words": words, "count": count, "amount": texts.amount}
        self.page("enrolment.html", **(shown | values))

    def _own_address(self) -> str:
        """Return this server's address as sites reach it: the public one, else the one the person uses."""
        if self.config.public_urls:
            return self.config.public_urls[0]
        return f"{self.request.protocol}://{self.request.host}"
