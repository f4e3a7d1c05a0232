"""Accounts of the web UI: names and argon2id hashes in the settings store."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from appliance.common.clock import to_rfc3339, utc_now
from appliance.common.errors import DcaError
from appliance.common.message import Message
from appliance.settings.store import SettingsStore
from web.passwords import Passwords

TABLE = "accounts"
FIRST_ACCOUNT = "admin"
PASSWORD_MIN = 10
PASSWORD_MAX = 256


class PasswordError(DcaError):
    """A new password cannot be taken; the sentence says why."""


class AccountExistsError(DcaError):
    """The first account was made already."""


def check_new_password(password: str, repeated: str | None = None) -> None:
    """Raise PasswordError when `password` is no good new password, or was not repeated alike."""
    if len(password) < PASSWORD_MIN:
        raise PasswordError(
            Message(
                "The password is too short. Choose at least %(count)d characters; a few words make a good one.", count=PASSWORD_MIN
            )
        )
    if len(password) > PASSWORD_MAX:
        raise PasswordError(Message("The password is too long. Choose at most %(count)d characters.", count=PASSWORD_MAX))
    if len(set(password)) < 4:
        raise PasswordError(Message("The password is one character over and over. Choose one that is harder to guess."))
    if repeated is not None and password != repeated:
        raise PasswordError(Message("The two passwords differ. Type the same one twice."))


class Accounts:
    """Makes, checks and changes accounts. Hashing takes a tenth of a second and 19 MiB: one at a time, beside the event loop."""

    def __init__(self, store: SettingsStore) -> None:
        self._store = store
        self._passwords = Passwords()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="argon2")

    def exist(self) -> bool:
        """Whether there is any account."""
        return bool(self._store.documents(TABLE))

    async def check(self, name: str, password: str) -> bool:
        """Whether `name` and `password` belong together. A hash with old parameters is made anew on the way."""
        row = self._find(name)
        stored = str(row.get("password_hash", "")) if row else None
        loop = asyncio.get_running_loop()
        right = await loop.run_in_executor(self._thread, self._passwords.matches, stored, password[: PASSWORD_MAX + 1])
        if stored is None or not right:
            return False
        if self._passwords.is_outdated(stored):
            await self._replace_hash(name, password)
        return True

    async def create_first(self, name: str, password: str) -> None:
        """Make the first account. Raises PasswordError, or AccountExistsError when somebody was faster."""
        check_new_password(password)
        hashed = await self._hash(password)
        now = to_rfc3339(utc_now())

        def change(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
            if rows:
                raise AccountExistsError("The first account was made already. Log in with it.")
            return [{"name": name, "password_hash": hashed, "created_at": now, "changed_at": now}]

        self._store.change_documents(TABLE, change)

    async def set_password(self, name: str, password: str) -> None:
        """Give the account a new password; an account of this name is made when there is none. Raises PasswordError."""
        check_new_password(password)
        await self._replace_hash(name, password)

    def language(self, name: str) -> str:
        """Return the code of the language the account has chosen, empty where that is left to the browser."""
        row = self._find(name)
        return str(row.get("language", "")) if row else ""

    def set_language(self, name: str, code: str) -> None:
        """Keep the language of the account; an empty code leaves it to the browser."""

        def change(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
            for row in rows:
                if row["name"] == name:
                    row["language"] = code
            return rows

        self._store.change_documents(TABLE, change)

    def names(self) -> list[str]:
        """Return the names of all accounts."""
        return [str(row["name"]) for row in self._store.documents(TABLE)]

    def close(self) -> None:
        """End the hashing thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _find(self, name: str) -> dict[str, Any] | None:
        return next((row for row in self._store.documents(TABLE) if row["name"] == name), None)

    async def _hash(self, password: str) -> str:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._passwords.hash, password)

    async def _replace_hash(self, name: str, password: str) -> None:
        hashed = await self._hash(password)
        now = to_rfc3339(utc_now())

        def change(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
            found = next((row for row in rows if row["name"] == name), None)
            if found is None:
                found = {"name": name, "created_at": now}
                rows.append(found)
            found |= {"password_hash": hashed, "changed_at": now}
            return rows

        self._store.change_documents(TABLE, change)
