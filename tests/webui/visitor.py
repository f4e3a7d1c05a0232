"""A visitor of the web UI without scripts: keeps cookies, takes the form token from a page, does not follow redirects."""

import http.client
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from http.cookies import Morsel, SimpleCookie
from urllib.parse import urlencode

Fields = Mapping[str, str] | Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the web UI."""

    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def location(self) -> str:
        """Where a redirect leads."""
        return self.headers.get("Location", "")

    @property
    def shown(self) -> str:
        """What a person reads: the text of the page without its tags."""
        return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", self.text)))

    @property
    def links(self) -> list[str]:
        """Every address the page names."""
        return [
            unescape(link) for link in re.findall(r'(?:href|src|action|hx-get|data-stream|data-stream-done)="([^"]*)"', self.text)
        ]


class Visitor:
    """A browser without scripts."""

    def __init__(self, port: int, headers: Mapping[str, str] | None = None) -> None:
        self.port = port
        self.headers = dict(headers or {})
        self.cookies: dict[str, Morsel[str]] = {}

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Return the answer to a GET."""
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, fields: Fields = (), *, form_page: str = "", headers: Mapping[str, str] | None = None) -> Answer:
        """Send a form with the token of the page at `form_page`, by default the login page."""
        token = self.form_token(form_page or "/login")
        return self.ask("POST", path, [*_pairs(fields), ("_xsrf", token)], headers)

    def form_token(self, page: str) -> str:
        """Return the token in the forms of a page."""
        found = re.search(r'name="_xsrf" value="([^"]+)"', self.get(page).text)
        if found is None:  # the login page sends those who are logged in away
            found = re.search(r'name="_xsrf" value="([^"]+)"', self.get("/settings").text)
        assert found is not None, f"{page} has no form"
        return found[1]

    def download(self, path: str) -> tuple[bytes, http.client.HTTPMessage]:
        """Return a file and the headers it came with."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        cookies = "; ".join(f"{name}={cookie.value}" for name, cookie in self.cookies.items())
        try:
            connection.request("GET", path, headers={"Host": f"localhost:{self.port}", "Cookie": cookies})
            response = connection.getresponse()
            return response.read(), response.headers
        finally:
            connection.close()

    def ask(self, method: str, path: str, fields: Fields | None = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Return the answer to one request; cookies it sets are kept."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        sent = {"Host": f"localhost:{self.port}"} | self.headers | dict(headers or {})
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={cookie.value}" for name, cookie in self.cookies.items())
        body = None
        if fields is not None:
            body = urlencode(_pairs(fields))
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read().decode())
        finally:
            connection.close()
        for line in answer.headers.get_all("Set-Cookie", []):
            for name, cookie in SimpleCookie(line).items():
                if cookie.value:
                    self.cookies[name] = cookie
                else:
                    self.cookies.pop(name, None)
        return answer


def _pairs(fields: Fields) -> list[tuple[str, str]]:
    return list(fields.items()) if isinstance(fields, Mapping) else list(fields)
