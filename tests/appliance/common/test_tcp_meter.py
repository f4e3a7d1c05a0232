"""What connections cost, compared with what nftables counts of them in a network namespace."""

import json
import shutil
import subprocess
import sys
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.requirement import missing

UNSHARE = ["unshare", "--user", "--map-root-user", "--net"]
COUNTS = ("packets_sent", "packets_received", "bytes_sent", "bytes_received")


@pytest.fixture(scope="module")
def outcome() -> dict[str, Any]:
    if any(shutil.which(tool) is None for tool in ("unshare", "nft", "ip")):
        missing("unshare, nft and ip are needed; install util-linux, nftables and iproute2")
    if subprocess.run([*UNSHARE, "nft", "list", "ruleset"], capture_output=True, check=False, timeout=60).returncode:
        missing("this machine does not let its users make network namespaces")
    command = [*UNSHARE, sys.executable, "-m", "tests.appliance.common.counted_network"]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert finished.returncode == 0, finished.stderr
    result: dict[str, Any] = json.loads(finished.stdout)
    return result


@pytest.mark.parametrize("name", ["visit 127.0.0.1", "visit ::1", "http", "https"])
def test_connections_are_counted_within_two_percent_of_what_the_network_sees(outcome: dict[str, Any], name: str) -> None:
    counted, seen = outcome[name]["counted"], outcome[name]["seen"]
    # Each of the two connections may say goodbye in one packet more or less.
    assert all(abs(counted[count] - seen[count]) <= max(0.02 * seen[count], 2 * 72) for count in COUNTS[2:]), (counted, seen)
    assert all(abs(counted[count] - seen[count]) <= 2 for count in COUNTS[:2]), (counted, seen)
    assert seen["bytes_sent"] > 1000


@pytest.mark.parametrize("name", ["refused", "silent"])
def test_connections_that_do_not_come_about_are_counted_exactly(outcome: dict[str, Any], name: str) -> None:
    assert outcome[name]["counted"] == outcome[name]["seen"]
    assert outcome[name]["seen"]["packets_sent"] == (1 if name == "refused" else 2)


def test_calls_on_one_connection_are_told_apart_by_purpose(outcome: dict[str, Any]) -> None:
    purposes = outcome["https"]["purposes"]
    assert set(purposes) == {"upload", "check_in"}
    # The first check-in has the handshakes of TCP and TLS.
    assert purposes["check_in"]["bytes_received"] > purposes["upload"]["bytes_received"] > 0
    assert purposes["upload"]["bytes_sent"] > 2 * 800
