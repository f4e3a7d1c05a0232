"""schemathesis against the document of the API, on a real server: `make fuzz`. Ends with 1 where anything but the documented came.

The server has sites, devices and days that are over; requests are signed by a site or opened by a token, so that they get as far as
a client's do.
"""

import argparse
import logging
import os
import subprocess
import sys
import tempfile
from base64 import urlsafe_b64encode
from datetime import timedelta
from pathlib import Path

import structlog

from hosting.config import Config, Limits
from hosting.db import tokens
from hosting.db.tokens import Maker, NewToken
from tests.hosting.batches import batch, reading
from tests.hosting.history.days import NOON, hourly, keep, roll_up
from tests.hosting.running import RunningServer
from tests.hosting.site import Site

ROOT = Path(__file__).parents[2]
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
UNLIMITED = 10**9


def main() -> int:
    """Run it and return how it ended."""
    parser = argparse.ArgumentParser(description="schemathesis against the document of the API")
    parser.add_argument("--examples", type=int, default=50, help="of each operation; default: 50")
    parser.add_argument("--seed", type=int, help="of a run before")
    parser.add_argument("--database", metavar="URL", help="an empty PostgreSQL database; default: SQLite")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    limits = Limits(site_burst=UNLIMITED, failures_burst=UNLIMITED)
    with tempfile.TemporaryDirectory() as folder:
        server = RunningServer(Config(Path(folder), database_url=options.database, limits=limits))
        try:
            return _run(server, options.examples, options.seed)
        finally:
            server.stop()


def _run(server: RunningServer, examples: int, seed: int | None) -> int:
    code = server.code("Mill")
    site = _fill(server, code)
    token = server.write(lambda connection: tokens.add_token(connection, NewToken("schemathesis"), Maker()))
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": "tests.hosting.fuzz_hooks",
        "PYTHONPATH": str(ROOT),
        "DCA_FUZZ_TOKEN": str(token),
        "DCA_FUZZ_SITE": site.site_id,
        "DCA_FUZZ_CODE": code,
        "DCA_FUZZ_KEY": urlsafe_b64encode(site.key.private_bytes_raw()).decode(),
    }
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", f"{server.url}/api/v1/openapi.json"]
    options = ["--checks", CHECKS, "--max-examples", str(examples), "--continue-on-failure", "--suppress-health-check", "all"]
    seeded = ["--seed", str(seed)] if seed is not None else []
    return subprocess.run([*command, *options, *seeded], env=environment, cwd=server.config.folder, check=False).returncode


def _fill(server: RunningServer, code: str) -> Site:
    """Enrol two sites with devices and days, and return the one that enrolled with the code."""
    site, other = Site(server), Site(server).enrol("Port")
    site.site_id = site.send("/api/v1/enrol", site.enrolment(code), key_id=site.public_key).json()["site_id"]
    for one in (other, site):
        keys = [f"serial:A:{number}" for number in range(20)]
        one.upload(batch(*(reading(key) for key in keys)))
        one.check_in({"devices": {"known": 20}})
        for key in keys:
            for day in range(3):
                keep(server.database, hourly(2, key, NOON + timedelta(days=day)), key, one.site_id)
    roll_up(server.database)
    return site


if __name__ == "__main__":
    sys.exit(main())
