"""The hosting server's API for people's programs: HTTPS by its private certificate authority, a bearer token."""

import http.client
import json
import ssl
from pathlib import Path
from typing import Any

from simulator.errors import DemoError

TIMEOUT_SECONDS = 15.0


class HostingApi:
    """Reads what the hosting server has. One connection a call: it goes on when the server was restarted."""

    def __init__(self, port: int, authority: Path, token: str) -> None:
        self._port = port
        self._context = ssl.create_default_context(cafile=str(authority))
        self._token = token

    def devices(self) -> list[dict[str, Any]]:
        """Return the last reading of each device. Raises DemoError when the server does not answer as it should."""
        found: list[dict[str, Any]] = []
        after: str | None = None
        while True:
            answer = self._get("/api/v1/devices" + (f"?after={after}" if after else ""))
            found += [row["reading"] for row in answer["devices"]]
            after = answer.get("next")
            if not after:
                return found

    def _get(self, path: str) -> dict[str, Any]:
        connection = http.client.HTTPSConnection("localhost", self._port, timeout=TIMEOUT_SECONDS, context=self._context)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {self._token}"})
            response = connection.getresponse()
            body = response.read()
            if response.status != http.HTTPStatus.OK:
                raise DemoError(f"The hosting server answered {response.status} to {path}: {body[:300].decode(errors='replace')}")
            return dict(json.loads(body))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise DemoError(f"The hosting server could not be asked for {path}: {error}.") from error
        finally:
            connection.close()
