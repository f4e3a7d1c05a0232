"""The client side of a control socket, for the CLI, the web UI and the health check."""

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from appliance.common.errors import ControlError
from appliance.common.files import from_json, to_json
from appliance.common.message import Message, messages_from

LINE_LIMIT_BYTES = 16 << 20
"""An event is one line, and the state of a scan may list a reason for each of many addresses."""

FAULTS = (OSError, TimeoutError, ValueError, IndexError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)
"""What a component that dies, hangs or is none at all can make of a call."""


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
                    answer = _json_object(await reader.readexactly(length), status)
                finally:
                    writer.close()
        except FAULTS as error:
            raise self._silent(error) from error
        if status >= 400:
            raise ControlError(answer.get("error") or self._answered(status))
        return answer

    async def events(self, path: str) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the JSON data of each server-sent event until the component closes the stream. Raises ControlError.

        Close it (`contextlib.aclosing`) when it is left before its end.
        """
        try:
            async with asyncio.timeout(self._timeout):
                reader, writer = await self._request("GET", path, None)
                try:
                    status, _ = await _read_head(reader)
                except BaseException:
                    writer.close()
                    raise
        except FAULTS as error:
            raise self._silent(error) from error
        try:
            if status >= 400:
                raise ControlError(self._answered(status))
            while (line := await self._line(reader)) is not None:
                if line.startswith(b"data:"):
                    yield messages_from(json.loads(line[5:]))
        finally:
            writer.close()

    async def _line(self, reader: asyncio.StreamReader) -> bytes | None:
        """Return the next whole line, None at the end; a line cut off by the end of the component is none."""
        try:
            return await reader.readuntil(b"\n")
        except asyncio.IncompleteReadError:
            return None
        except FAULTS as error:
            raise self._silent(error) from error

    def _silent(self, error: BaseException) -> ControlError:
        if isinstance(error, FileNotFoundError | ConnectionRefusedError):
            return ControlError(
                Message(
                    "The %(component)s is not running (nobody listens at %(socket)s). Start it with `dca run`.",
                    component=self._component,
                    socket=self._socket_file,
                )
            )
        reason = str(error) or type(error).__name__
        return ControlError(
            Message(
                "The %(component)s does not answer at %(socket)s: %(reason)s.",
                component=self._component,
                socket=self._socket_file,
                reason=reason,
            )
        )

    def _answered(self, status: int) -> Message:
        return Message("The %(component)s answered %(status)d.", component=self._component, status=status)

    async def _request(
        self, method: str, path: str, body: dict[str, Any] | None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_unix_connection(str(self._socket_file), limit=LINE_LIMIT_BYTES)
        content = b"" if body is None else to_json(body)
        # HTTP/1.0 keeps the answer unchunked, so that an event stream can be read line by line.
        head = (
            f"{method} {path} HTTP/1.0\r\nHost: localhost\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        writer.write(head.encode() + content)
        await writer.drain()
        return reader, writer


def _json_object(content: bytes, status: int) -> dict[str, Any]:
    """Return the JSON object in `content`. Raises ValueError when it is none, unless `status` tells of an error anyway."""
    try:
        value = from_json(content) if content else {}
    except ValueError:
        if status < 400:
            raise
        return {}
    if not isinstance(value, dict):
        raise ValueError("its answer is no JSON object")
    document: dict[str, Any] = messages_from(value)
    return document


async def _read_head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = int(lines[0].split(" ", 2)[1])
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)}
    return status, headers
