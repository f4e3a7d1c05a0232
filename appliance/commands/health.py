"""`dca health`: one line, exit 0 when healthy.

The container's HEALTHCHECK runs it all day: nothing but the standard library is imported.
"""

import argparse
import json
import socket

from appliance.common.errors import ControlError
from appliance.common.paths import Paths

ANSWER_SECONDS = 5.0


def run(_arguments: argparse.Namespace) -> int:
    """Print what the supervisor says about itself and its components."""
    answer = _ask(Paths.from_environment())
    print(answer.get("text") or ("healthy" if answer.get("ok") else "not healthy"))
    return 0 if answer.get("ok") is True else 1


def _ask(paths: Paths) -> dict[str, object]:
    file = paths.supervisor_socket
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(ANSWER_SECONDS)
            connection.connect(str(file))
            connection.sendall(b"GET /v1/health HTTP/1.0\r\nHost: localhost\r\n\r\n")
            with connection.makefile("rb") as stream:
                _head, _, body = stream.read().partition(b"\r\n\r\n")
        answer = json.loads(body)
        if not isinstance(answer, dict):
            raise ValueError("the answer is not a JSON object")
    except (FileNotFoundError, ConnectionRefusedError) as error:
        raise ControlError(f"The supervisor is not running (nobody listens at {file}). Start it with `dca run`.") from error
    except (OSError, ValueError) as error:
        raise ControlError(f"The supervisor does not answer at {file}: {error}.") from error
    return answer
