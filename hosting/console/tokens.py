"""The page of the tokens, with which programs read over the API."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from appliance.common.clock import utc_now
from appliance.common.message import Message
from hosting.console.base import ConsoleHandler, RefusedError
from hosting.db import tokens
from hosting.db.connection.database import Connection
from hosting.db.tokens import SCOPES, Maker, NewToken, Scope, TokenState
from web import quantities

DAYS = (30, 90, 365)
"""For how long a token can be made here; beside it: for ever."""
FOR_EVER = "always"
CHOOSE_DAYS = Message("Choose in the list for how long.")
DAYS_PROPOSED = 365

SCOPE_TEXTS: Mapping[Scope, tuple[str, str]] = {
    "read:devices": (Message("Devices"), Message("the newest reading of each, whole: identity, status, supplies, meters")),
    "read:meters": (Message("Meters"), Message("at the end of each day, and the newest")),
    "read:sites": (Message("Sites"), Message("with their last contact and what they said of themselves")),
}
STATES: Mapping[TokenState, tuple[str, str]] = {
    "valid": ("ok", Message("Valid")),
    "expired": ("off", Message("Expired")),
    "revoked": ("bad", Message("Revoked")),
}


class TokensPage(ConsoleHandler):
    """`/tokens`: all tokens, and a form for another; its secret is shown in the answer of the POST and never again."""

    async def get(self) -> None:
        """Show them."""
        await self._show()

    async def post(self) -> None:
        """Make a token and show it."""
        name = self.get_body_argument("name", "").strip()
        asked = self.get_body_arguments("scope")
        chosen = [scope for scope in SCOPES if scope in asked]
        days = self.get_body_argument("days", str(DAYS_PROPOSED))
        faults: dict[str, str] = {}
        if not tokens.usable_name(name):
            faults["name"] = Message("Give the token a name of 1 to 100 characters.")
        if not chosen or len(chosen) != len(set(asked)):
            faults["scope"] = Message("Choose what the token opens.")
        if days not in (*map(str, DAYS), FOR_EVER):
            faults["days"] = CHOOSE_DAYS
        made = None
        if not faults:
            ends = None if days == FOR_EVER else utc_now() + timedelta(days=int(days))
            wanted, maker = NewToken(name, chosen, ends), self._maker()
            made = await self.services.pages.write(lambda connection: tokens.add_token(connection, wanted, maker))
            if made is None:
                faults["name"] = Message("There is a token of this name already, and it is shown only once. Choose another name.")
        if faults:
            self.set_status(422)
            await self._show(name=name, chosen=chosen, days=days, faults=faults)
            return
        await self._show(made=made, made_for=name)

    async def _show(self, **values: Any) -> None:
        found = await self.services.pages.read(tokens.tokens)
        now = utc_now()
        listed = [(token, token.state(now)) for token in found]
        shown: dict[str, Any] = {
            "name": "",
            "chosen": (),
            "days": str(DAYS_PROPOSED),
            "faults": {},
            "made": None,
            "made_for": "",
        }
        shown |= {"tokens": listed, "valid": sum(state == "valid" for _, state in listed), "number": quantities.number}
        shown |= {"scopes": SCOPE_TEXTS, "states": STATES, "choices": DAYS}
        self.page("tokens.html", **(shown | values))

    def _maker(self) -> Maker:
        return Maker(self.actor, self.client_ip)


class RevokeToken(TokensPage):
    """`/tokens/revoke`: the token of the name in the form opens nothing any more."""

    SUPPORTED_METHODS = ("POST",)

    async def post(self) -> None:
        """Revoke it, and go back to the list."""
        name, maker = self.get_body_argument("name", ""), self._maker()

        def revoke(connection: Connection) -> bool:
            return tokens.revoke_token(connection, name, maker)

        if not await self.services.pages.write(revoke):
            raise RefusedError(404, Message("There is no such token."))
        self.redirect(self.url("/tokens", done="token-revoked"))
