"""The hosting server's API for people's programs, opened by a bearer token."""

import http.client
import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from simulator.errors import DemoError

TIMEOUT_SECONDS = 15.0


class HostingApi:
    """Reads what the hosting server has. One connection a call: it goes on when the server was restarted."""

    def __init__(self, url: str, authority: Path | None, token: str) -> None:
        """`authority` is the certificate authority of the server, None for a public one. Raises DemoError for no address."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise DemoError(f"{url!r} is no address of a hosting server. Write https://NAME:PORT.")
        self._address, self._path = (parts.hostname, parts.port), parts.path.rstrip("/")
        self._context = ssl.create_default_context(cafile=authority) if parts.scheme == "https" else None
        self._token = token

    def devices(self) -> list[dict[str, Any]]:
        """Return the last reading of each device. Raises DemoError when the server does not answer as it should."""
        return [row["reading"] for row in self.rows()]

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield each device with its site and its last reading, as the server has it. Raises DemoError."""
        after: str | None = None
        while True:
            answer = self._get("/api/v1/devices" + (f"?after={after}" if after else ""))
            yield from answer["devices"]
            after = answer.get("next")
            if not after:
                return

    def _get(self, path: str) -> dict[str, Any]:
        connection = self._connection()
        try:
            connection.request("GET", self._path + path, headers={"Authorization": f"Bearer {self._token}"})
            response = connection.getresponse()
            body = response.read()
            if response.status != http.HTTPStatus.OK:
                raise DemoError(f"The hosting server answered {response.status} to {path}: {body[:300].decode(errors='replace')}")
            return dict(json.loads(body))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise DemoError(f"The hosting server could not be asked for {path}: {error}.") from error
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self._address
        if self._context is None:
            return http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
        return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS, context=self._context)
