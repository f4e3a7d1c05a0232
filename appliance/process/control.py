"""The control socket of a component: a small JSON API over a Unix socket, served by Tornado.

Whoever may open the socket file may use the API: the file is only for the user the appliance runs as.
"""

from pathlib import Path
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_unix_socket
from tornado.web import Application, HTTPError, RequestHandler

from appliance.common.errors import DataFolderError, DcaError
from appliance.common.files import from_json, to_json
from appliance.common.message import message_of, with_messages


class ControlHandler(RequestHandler):
    """Answers JSON; a DcaError becomes `{"error": sentence}` with status 409, never a traceback."""

    def body(self) -> dict[str, Any]:
        """Return the JSON object of the request, empty when there is none. Raises HTTPError 400."""
        if not self.request.body:
            return {}
        try:
            value = from_json(self.request.body)
        except ValueError as error:
            raise HTTPError(400, "The request is not JSON.") from error
        if not isinstance(value, dict):
            raise HTTPError(400, "The request is not a JSON object.")
        return value

    def answer(self, value: object, status: int = 200) -> None:
        """Finish with `value` as JSON; of messages their template and values stand beside them."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(to_json(with_messages(value)))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer an error as JSON."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, DcaError):
            self.answer({"error": message_of(error)}, 409)
            return
        message = error.log_message if isinstance(error, HTTPError) and error.log_message else self._reason
        self.answer({"error": message}, status_code)

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log only what nobody expected; a DcaError is an answer."""
        if not isinstance(value, DcaError):
            super().log_exception(typ, value, tb)


def serve_control(application: Application, socket_file: Path) -> HTTPServer:
    """Serve `application` at `socket_file` (mode 0600), taking the place of a file left by a killed process.

    Raises DataFolderError when the socket cannot be made there.
    """
    server = HTTPServer(application, max_body_size=1 << 20)
    remedy = "Check that the folder exists and is writable, or name another one with a short path in DCA_RUN_DIR."
    try:
        socket_file.unlink(missing_ok=True)
        server.add_socket(bind_unix_socket(str(socket_file), mode=0o600))
    except OSError as error:
        # A path longer than the kernel takes (107 bytes) has a message, but no number of its own.
        reason = error.strerror or str(error)
        raise DataFolderError(f"The control socket {socket_file} cannot be made: {reason}. {remedy}") from error
    return server
