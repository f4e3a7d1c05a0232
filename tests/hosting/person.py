"""Somebody with a browser who uses the console."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import urlencode

from tests.hosting.running import PASSWORD, Answer

SESSION = "dca_hosting_session"
XSRF = "_dca_hosting_xsrf"


class Asked(Protocol):
    """A server, in this process or another."""

    def request(self, method: str, path: str, *, headers: dict[str, str] | None = None, body: Any = None) -> Answer:
        """Return what the server answers; redirects are not followed."""
        ...


class Person:
    """Somebody with a browser: keeps cookies, sends forms with their token."""

    def __init__(self, server: Asked) -> None:
        self.server = server
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> Answer:
        return self._keep(self.server.request("GET", path, headers=self._headers()))

    def post(
        self,
        path: str,
        form: Mapping[str, str | Sequence[str]] | None = None,
        *,
        token: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        fields: dict[str, str | Sequence[str]] = dict(form or {})
        if token and XSRF in self.cookies:
            fields["_xsrf"] = self.cookies[XSRF]
        sent = self._headers() | {"Content-Type": "application/x-www-form-urlencoded"} | dict(headers or {})
        return self._keep(self.server.request("POST", path, headers=sent, body=urlencode(fields, doseq=True)))

    def log_in(self, password: str = PASSWORD, account: str = "admin", **form: str) -> Answer:
        self.get("/login")
        return self.post("/login", {"account": account, "password": password, **form})

    def _headers(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}

    def _keep(self, answer: Answer) -> Answer:
        for line in answer.headers.getlist("Set-Cookie"):
            name, value = line.split(";")[0].split("=", 1)
            self.cookies[name] = value.strip('"')
        return answer
