"""Recordings of what devices say over HTTP: documents and IPP answers, to be read again without the device.

The form (`device.web.json`, beside the `.snmprec` of the same name) is described in docs/protocol/recordings.md. A recorded answer
is found by port, TLS, method and path, an IPP answer also by the version in which it was asked for.
"""

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from appliance.common.errors import DcaError
from appliance.common.network.traffic import Traffic
from appliance.http.errors import RefusedError
from appliance.http.ports import AllowedPorts
from appliance.http.visit import IPP_CONTENT, Headers, HttpAnswer, HttpLimits, Visit

SUFFIX = ".web.json"
HOST = "{host}"
"""Stands in a recorded `location` for the address of the device, wherever it is read again."""
LARGEST_FILE = 64 * 1024 * 1024
MOST_EXCHANGES = 1000
NOT_FOUND = 404

Key = tuple[int, bool, str, str, str]


class WebRecordingError(DcaError):
    """A recording cannot be used; the sentence names the file and what is wrong in it."""


@dataclass(frozen=True, slots=True)
class WebExchange:
    """One question and its answer. `ipp_version` is that of an IPP request, such as `1.1`, else empty."""

    port: int
    tls: bool
    method: str
    path: str
    answer: HttpAnswer
    ipp_version: str = ""

    @property
    def key(self) -> Key:
        """By what a question is known again."""
        return self.port, self.tls, self.method, self.path, self.ipp_version


class _Written(BaseModel):
    """An exchange as it stands in the file; the body is `text` (UTF-8) or `base64`."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    port: Annotated[int, Field(ge=1, le=65535)]
    tls: bool = False
    method: Literal["GET", "POST"] = "GET"
    path: Annotated[str, Field(pattern=r"^/[\x21-\x7e]*$", max_length=4096)]
    ipp_version: Annotated[str, Field(pattern=r"^([0-9]\.[0-9])?$")] = ""
    status: Annotated[int, Field(ge=100, le=599)]
    content_type: Annotated[str, Field(pattern=r"^[\x20-\x7e]*$", max_length=200)] = ""
    location: Annotated[str, Field(pattern=r"^[\x21-\x7e]*$", max_length=4096)] = ""
    server: Annotated[str, Field(pattern=r"^[\x20-\x7e]*$", max_length=4096)] = ""
    text: str = ""
    base64: str = ""

    @model_validator(mode="after")
    def _has_one_body(self) -> "_Written":
        if self.text and self.base64:
            raise ValueError("a body is text or base64, not both")
        self.body()
        return self

    def body(self) -> bytes:
        """Return the octets of the body. Raises ValueError."""
        try:
            return base64.b64decode(self.base64, validate=True) if self.base64 else self.text.encode()
        except (binascii.Error, UnicodeEncodeError) as error:
            raise ValueError(f"the body cannot be used: {error}") from error


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    schema_: Annotated[Literal[1], Field(alias="schema")]
    exchanges: Annotated[list[_Written], Field(max_length=MOST_EXCHANGES)]


class WebRecording:
    """What one device has said over HTTP."""

    def __init__(self, exchanges: Iterable[WebExchange] = ()) -> None:
        """Of several answers to the same question the first one counts."""
        self._found: dict[Key, WebExchange] = {}
        for exchange in exchanges:
            self._found.setdefault(exchange.key, exchange)

    @property
    def exchanges(self) -> list[WebExchange]:
        """All there are, in order."""
        return list(self._found.values())

    @classmethod
    def load(cls, file: Path) -> "WebRecording":
        """Return the recording in `file`. Raises WebRecordingError."""
        try:
            if file.stat().st_size > LARGEST_FILE:
                raise WebRecordingError(f"{file} is larger than {LARGEST_FILE // 1024**2} MiB: that is no recording of a device.")
            found = _File.model_validate_json(file.read_bytes())
        except OSError as error:
            raise WebRecordingError(f"The recording {file} cannot be read: {error.strerror or error}.") from error
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise WebRecordingError(f"The recording {file} cannot be used: {where or 'it'}: {first['msg']}.") from error
        return cls(_exchange(each) for each in found.exchanges)

    def octets(self) -> bytes:
        """Return the recording as it stands in a file."""
        document = {"schema": 1, "exchanges": [_written(each) for each in self.exchanges]}
        return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()

    def changed(self, change: Callable[[WebExchange], WebExchange]) -> "WebRecording":
        """Return the recording with each exchange as `change` returns it."""
        return WebRecording(map(change, self.exchanges))

    def answer(self, key: Key) -> HttpAnswer | None:
        """Return what was answered: 404 where the port had no such page, None where the port had none at all."""
        exchange = self._found.get(key)
        if exchange is not None:
            return exchange.answer
        there = any(each.key[:2] == key[:2] for each in self._found.values())
        return HttpAnswer(NOT_FOUND, "", b"") if there else None

    def visit(self, address: str, traffic: Traffic) -> "ReplayedVisit":
        """Return a visit to the recorded device, in place of one to `address`."""
        return ReplayedVisit(address, self, traffic)


class ReplayedVisit(Visit):
    """Asks a recording as the device itself would be asked; nothing is dialled."""

    def __init__(self, address: str, recording: WebRecording, traffic: Traffic) -> None:
        super().__init__(address, AllowedPorts(), HttpLimits(), traffic)
        self._recording = recording

    async def _exchange(self, method: str, url: str, headers: Headers, body: bytes) -> HttpAnswer:
        scheme, port, path = self._place(url)
        answer = self._recording.answer((port, scheme == "https", method, path, ipp_version(headers, body)))
        if answer is None:
            raise RefusedError(f"The recording has nothing at port {port}.")
        return replace(answer, location=answer.location.replace(HOST, self.host))


class WebRecorder:
    """Makes visits to devices that write down what was answered."""

    def __init__(self, ports: AllowedPorts | None = None, standing_for: Mapping[int, int] | None = None) -> None:
        """`ports`, and which of those at devices each of them is `standing_for`, are for tests, whose servers listen elsewhere."""
        self.ports = ports or AllowedPorts()
        self.standing_for = dict(standing_for or {})
        self._exchanges: list[WebExchange] = []

    @property
    def recording(self) -> WebRecording:
        """What was answered so far."""
        return WebRecording(self._exchanges)

    def visit(self, address: str, traffic: Traffic) -> AbstractAsyncContextManager[Visit]:
        """Return a visit whose answers are written down."""
        return _RecordingVisit(address, self, traffic)

    def note(self, exchange: WebExchange) -> None:
        """Write down what was answered."""
        self._exchanges.append(replace(exchange, port=self.standing_for.get(exchange.port, exchange.port)))


class _RecordingVisit(Visit):
    """Writes down each answer, with the address of the device taken out of where it points."""

    def __init__(self, address: str, recorder: WebRecorder, traffic: Traffic) -> None:
        super().__init__(address, recorder.ports, HttpLimits(), traffic)
        self._recorder = recorder

    async def _exchange(self, method: str, url: str, headers: Headers, body: bytes) -> HttpAnswer:
        answer = await super()._exchange(method, url, headers, body)
        scheme, port, path = self._place(url)
        kept = replace(answer, location=self._portable(answer.location))
        self._recorder.note(WebExchange(port, scheme == "https", method, path, kept, ipp_version(headers, body)))
        return answer

    def _portable(self, location: str) -> str:
        for real, recorded in self._recorder.standing_for.items():
            location = location.replace(f"//{self.host}:{real}", f"//{HOST}:{recorded}")
        return location.replace(f"//{self.host}", f"//{HOST}")


def ipp_version(headers: Mapping[str, str], body: bytes) -> str:
    """Return in which version of IPP is asked (RFC 8010 section 3.1.1), empty for what is no IPP request."""
    return f"{body[0]}.{body[1]}" if headers.get("Content-Type") == IPP_CONTENT and len(body) > 1 else ""


def _exchange(each: _Written) -> WebExchange:
    answer = HttpAnswer(each.status, each.content_type, each.body(), each.location, each.server)
    return WebExchange(each.port, each.tls, each.method, each.path, answer, each.ipp_version)


def _written(exchange: WebExchange) -> dict[str, Any]:
    """Return an exchange as it stands in the file; what is empty is left out."""
    answer = exchange.answer
    found = {
        "port": exchange.port,
        "tls": exchange.tls,
        "method": exchange.method,
        "path": exchange.path,
        "ipp_version": exchange.ipp_version,
        "status": answer.status,
        "content_type": answer.content_type,
        "location": answer.location,
        "server": answer.server,
        **_body(answer.body),
    }
    return {name: value for name, value in found.items() if value not in ("", False)}


def _body(body: bytes) -> dict[str, str]:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = "\0"
    if any(ord(character) < 0x20 and character not in "\t\r\n" for character in text):
        return {"base64": base64.b64encode(body).decode()}
    return {"text": text}
