"""Taking a bundle with a new version: written to the disk as it comes, and handed to the supervisor when it is whole."""

import asyncio
from http import HTTPStatus
from pathlib import Path
from typing import IO

from tornado.http1connection import HTTP1Connection
from tornado.web import stream_request_body

from appliance.common.errors import DcaError
from appliance.common.files import to_json
from appliance.common.message import Message, message_of
from appliance.release.incoming_bundles import open_bundle, room_for_bundle, settle_bundle, unfinished_bundle
from webui.handlers.base import Page

UPLOAD_SECONDS = 4 * 3600.0
"""Longest time of one upload, over a slow line."""


class UploadError(DcaError):
    """An upload is not taken."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        """`status` is that of the answer."""
        super().__init__(message)
        self.status = status


@stream_request_body
class UploadBundle(Page):
    """A bundle as the body of the request, as a script sends it."""

    _file: IO[bytes] | None = None
    _received = 0
    _failure: UploadError | None = None

    def set_default_headers(self) -> None:
        """Say that the connection ends: an answer may come before all of the body has."""
        super().set_default_headers()
        self.set_header("Connection", "close")

    async def prepare(self) -> None:
        """Look at what is announced before any of it is taken."""
        await super().prepare()
        if self._finished:
            return
        try:
            self._begin(self._announced())
        except UploadError as error:
            self._refuse(error)

    def _announced(self) -> int:
        """Return how many bytes are to come. Raises UploadError."""
        if not self.request.headers.get("Content-Type", "").startswith("application/octet-stream"):
            raise UploadError(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                Message("Uploading needs scripts in the browser. `dca update bundle FILE` does the same."),
            )
        length = self.request.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit() or int(length) == 0:
            raise UploadError(HTTPStatus.LENGTH_REQUIRED, Message("The file is empty, or how large it is was not said."))
        if int(length) > room_for_bundle(self.services.paths):
            raise UploadError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                Message(
                    "The file has %(megabytes)d MB, more than there is room for in the data folder. Free some space on the host.",
                    megabytes=round(int(length) / 1e6),
                ),
            )
        return int(length)

    def _begin(self, length: int) -> None:
        if self.services.taking_bundle:
            raise UploadError(HTTPStatus.CONFLICT, Message("Another bundle is being uploaded. Try again when that has ended."))
        try:
            self._file = open_bundle(self.services.paths)
        except OSError as error:
            raise _not_written(error) from error
        self.services.taking_bundle = True
        assert isinstance(self.request.connection, HTTP1Connection)
        self.request.connection.set_max_body_size(length)
        self.request.connection.set_body_timeout(UPLOAD_SECONDS)

    async def data_received(self, chunk: bytes) -> None:
        """Write what has come, before more is taken; a slow disk must not hold up the pages."""
        if self._file is None or self._failure:
            return
        try:
            await asyncio.to_thread(self._file.write, chunk)
            self._received += len(chunk)
        except OSError as error:
            self._failure = _not_written(error)

    async def post(self) -> None:
        """Hand the whole file to the supervisor."""
        try:
            target = await self._whole()
        except UploadError as error:
            self._refuse(error)
            return
        assert self.current_user is not None
        expired = self.get_query_argument("allow_expired", "") == "on"
        self.audit("upload a bundle", bytes=self._received, allow_expired=expired)
        body = {"path": str(target), "by": self.current_user.user, "allow_expired": expired}
        answer = await self.services.components.supervisor("POST", "/v1/update/bundle", body)
        if answer.error:
            self._refuse(UploadError(HTTPStatus.CONFLICT, answer.error))
            return
        self.notice("ok", self._("The bundle was taken. It is being verified; this page shows what comes of it."))
        self._answer(HTTPStatus.OK, "")

    async def _whole(self) -> Path:
        """Return the file, durable and under its own name. Raises UploadError."""
        assert self._file is not None
        try:
            if self._failure:
                raise self._failure
            return await asyncio.to_thread(settle_bundle, self._file, self.services.paths)
        except OSError as error:
            raise _not_written(error) from error
        finally:
            self._end()

    def on_connection_close(self) -> None:
        """Remove what came of a file whose sender is gone."""
        self._end()

    def _end(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
            unfinished_bundle(self.services.paths).unlink(missing_ok=True)
            self.services.taking_bundle = False

    def _refuse(self, error: UploadError) -> None:
        self._answer(error.status, self._(message_of(error)))

    def _answer(self, status: HTTPStatus, error: str) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(to_json({"error": error}))


def _not_written(error: OSError) -> UploadError:
    return UploadError(
        HTTPStatus.INSUFFICIENT_STORAGE,
        Message("The file could not be written: %(reason)s. Free some space on the host.", reason=error.strerror),
    )
