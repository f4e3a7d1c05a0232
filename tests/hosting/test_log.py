"""The log of the hosting server: one JSON line an event, with no secret at any depth."""

import json
import sys

from tests.children import run_child

EVENT = """
import sys, structlog
from hosting.commands.serve import configure_logging
configure_logging("hosting", stream=sys.stderr)
structlog.get_logger().info("asked", site={"token": "s3cret", "inner": [{"private_key": "s3cret"}]}, url="https://a:s3cret@b/?token=s3cret")
"""


def test_no_secret_at_any_depth() -> None:
    finished = run_child([sys.executable, "-c", EVENT])
    (line,) = finished.stderr.splitlines()
    assert "s3cret" not in line
    assert json.loads(line)["site"] == {"token": "(hidden)", "inner": [{"private_key": "(hidden)"}]}
