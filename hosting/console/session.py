"""Logging in and out."""

import asyncio
from typing import ClassVar
from urllib.parse import urlsplit

import structlog

from hosting.console.base import SESSION_COOKIE, ConsoleHandler, ThrottledError
from hosting.db import accounts, audit
from hosting.db.database import Connection

LONGEST = 1024


def local_path(target: str) -> str:
    """Return `target` when it is a path on this server, else the first page: a login must never send anybody elsewhere."""
    parts = urlsplit(target) if target.isprintable() and "\\" not in target else None
    local = parts and not parts.scheme and not parts.netloc and target.startswith("/") and not target.startswith("//")
    return target if local else "/sites"


class LoginHandler(ConsoleHandler):
    """`/login`."""

    public: ClassVar[bool] = True

    def get(self) -> None:
        """Show the form."""
        self.page("login.html", next_path=local_path(self.get_query_argument("next", "/sites")), account="", fault="")

    async def post(self) -> None:
        """Check name and password; on success begin a session and go on to where the person wanted to."""
        name = self.get_body_argument("account", "")[:LONGEST]
        password = self.get_body_argument("password", "", strip=False)[:LONGEST]
        next_path = local_path(self.get_body_argument("next", "/sites"))
        self._throttle(name)
        stored = await self.services.database.read(lambda connection: accounts.password_hash(connection, name))
        check = self.services.passwords.matches
        matches = await asyncio.get_running_loop().run_in_executor(self.services.password_threads, check, stored, password)
        address = self.address
        if not matches:
            structlog.get_logger().warning("login failed", account=name[:100], address=address)
            self.set_status(403)
            self.page("login.html", next_path=next_path, account=name, fault="The name or the password is not right.")
            return

        def begin(connection: Connection) -> str:
            return accounts.start_session(connection, name, address)

        secret = await self.services.database.write(begin)
        self.services.logins.succeeded(address)
        structlog.get_logger().info("logged in", account=name, address=address)
        path = f"{self.config.base_path}/"
        secure = bool(self.settings["secure_cookies"])
        self.set_cookie(SESSION_COOKIE, secret, httponly=True, secure=secure, samesite="Strict", path=path)
        self.redirect(self.url(next_path))

    def _throttle(self, name: str) -> None:
        """Count the attempt. Raises ThrottledError after too many from this address, or from everywhere together."""
        if wait := self.services.logins.attempt(self.address):
            structlog.get_logger().warning("login throttled", account=name[:100], address=self.address)
            raise ThrottledError(wait)


class LogoutHandler(ConsoleHandler):
    """`/logout`."""

    async def post(self) -> None:
        """End the session."""
        session = self.session
        if session is not None:

            def end(connection: Connection) -> None:
                accounts.end_session(connection, session.session_hash)
                audit.note(connection, session.account, "logged out", "", address=self.address)

            await self.services.database.write(end)
        self.clear_cookie(SESSION_COOKIE, path=f"{self.config.base_path}/")
        self.redirect(self.url("/login"))
