"""The client side of a control socket, for the CLI, the web UI and the health check."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from appliance.errors import ControlError
from appliance.files import to_json


class ControlClient:
    """Calls the JSON API behind one Unix socket. One connection a call: the calls are few and local."""

    def __init__(self, socket_file: Path, component: str, *, timeout: float = 10.0) -> None:
        """`component` is the name used in error sentences; `timeout` is in seconds, for one whole call."""
        self._socket_file = socket_file
        self._component = component
        self._timeout = timeout

    async def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the JSON object of the answer. Raises ControlError: the component's own sentence, or that it is not running."""
        try:
            async with asyncio.timeout(self._timeout):
                reader, writer = await self._request(method, path, body)
                try:
                    status, headers = await _read_head(reader)
                    length = int(headers.get("content-length", "0"))
                    answer = json.loads(await reader.readexactly(length)) if length else {}
                finally:
                    writer.close()
        except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError) as error:
            raise self._silent(error) from error
        if status >= 400:
            raise ControlError(str(answer.get("error", f"The {self._component} answered {status}.")))
        return dict(answer)

    async def events(self, path: str) -> AsyncIterator[dict[str, Any]]:
        """Yield the JSON data of each server-sent event until the component closes the stream. Raises ControlError."""
        try:
            async with asyncio.timeout(self._timeout):
                reader, writer = await self._request("GET", path, None)
                status, _ = await _read_head(reader)
        except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError) as error:
            raise self._silent(error) from error
        try:
            if status >= 400:
                raise ControlError(f"The {self._component} answered {status}.")
            while line := await reader.readline():
                if line.startswith(b"data:"):
                    yield json.loads(line[5:])
        finally:
            writer.close()

    def _silent(self, error: BaseException) -> ControlError:
        if isinstance(error, FileNotFoundError | ConnectionRefusedError):
            return ControlError(
                f"The {self._component} is not running (nobody listens at {self._socket_file}). Start it with `dca run`."
            )
        return ControlError(f"The {self._component} does not answer at {self._socket_file}: {error or type(error).__name__}.")

    async def _request(
        self, method: str, path: str, body: dict[str, Any] | None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_unix_connection(str(self._socket_file))
        content = b"" if body is None else to_json(body)
        # HTTP/1.0 keeps the answer unchunked, so that an event stream can be read line by line.
        head = (
            f"{method} {path} HTTP/1.0\r\nHost: localhost\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        writer.write(head.encode() + content)
        await writer.drain()
        return reader, writer


async def _read_head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = int(lines[0].split(" ", 2)[1])
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)}
    return status, headers
