"""Logging in and out."""

import asyncio
from typing import ClassVar

import structlog

from appliance.common.message import Message
from hosting.console.base import SESSION_COOKIE, ConsoleHandler, ThrottledError
from hosting.db import accounts, audit
from hosting.db.connection.database import Connection
from web.security import local_path

LONGEST = 1024
FIRST_PAGE = "/sites"


class LoginHandler(ConsoleHandler):
    """`/login`."""

    public: ClassVar[bool] = True

    def get(self) -> None:
        """Show the form."""
        self.page("login.html", next_path=local_path(self.get_query_argument("next", FIRST_PAGE), FIRST_PAGE), account="", fault="")

    async def post(self) -> None:
        """Check name and password; on success begin a session and go on to where the person wanted to."""
        name = self.get_body_argument("account", "")[:LONGEST]
        password = self.get_body_argument("password", "", strip=False)[:LONGEST]
        next_path = local_path(self.get_body_argument("next", FIRST_PAGE), FIRST_PAGE)
        self._throttle(name)
        stored = await self.services.pages.read(lambda connection: accounts.password_hash(connection, name))
        check = self.services.passwords.matches
        matches = await asyncio.get_running_loop().run_in_executor(self.services.password_threads, check, stored, password)
        address = self.client_ip
        if not matches:
            structlog.get_logger().warning("login failed", account=name[:100], address=address)
            self.set_status(403)
            self.page("login.html", next_path=next_path, account=name, fault=Message("The name or the password is not right."))
            return

        def begin(connection: Connection) -> str:
            return accounts.start_session(connection, name, address)

        secret = await self.services.pages.write(begin)
        self.services.logins.succeeded(address)
        structlog.get_logger().info("logged in", account=name, address=address)
        self.set_cookie(SESSION_COOKIE, secret)
        self.redirect(self.url(next_path))

    def _throttle(self, name: str) -> None:
        """Count the attempt. Raises ThrottledError after too many from this address, or from everywhere together."""
        if wait := self.services.logins.attempt(self.client_ip):
            structlog.get_logger().warning("login throttled", account=name[:100], address=self.client_ip)
            raise ThrottledError(wait)


class LogoutHandler(ConsoleHandler):
    """`/logout`."""

    async def post(self) -> None:
        """End the session."""
        session = self.session
        if session is not None:

            def end(connection: Connection) -> None:
                accounts.end_session(connection, session.session_hash)
                audit.note(connection, session.account, "logged out", "", address=self.client_ip)

            await self.services.pages.write(end)
        self.clear_cookie(SESSION_COOKIE)
        self.redirect(self.url("/login"))
