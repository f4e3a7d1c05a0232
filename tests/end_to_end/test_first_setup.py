"""The first-run setup over HTTP, with the real processes: nothing is scanned or sent before somebody has said so."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.common.errors import ControlError
from appliance.process.client import ControlClient
from tests.appliance.hosting_peer import Decided
from tests.appliance.transmission.peer import Peer, serving
from tests.children import Child, wait_until
from tests.conftest import FreePort, RunningSimulator, StartChild, StartSimulator
from tests.webui.visitor import Visitor

PASSWORD = "correct horse battery"
ALL_MASKS = {
    "ip_address": "mask_last_octet",
    "host_name": "mask",
    "mac": "mask",
    "location": "mask",
    "asset_number": "send",
    "console": "send",
    "phone_numbers": "mask",
    "fields": "",
}


class Appliance:
    """`dca run` with its web UI, visited by whoever sets it up."""

    def __init__(self, folder: Path, port: int, start_child: StartChild, **variables: str) -> None:
        self.folder = folder
        self.start_child = start_child
        self.environment = {
            "DCA_DATA_DIR": str(folder / "data"),
            "DCA_RUN_DIR": str(folder / "run"),
            "DCA_WEB_PORT": str(port),
            "DCA_WEB_BIND": "127.0.0.1",
            "DCA_UPLOAD_SECONDS": "1",
            "DCA_CHECK_IN_SECONDS": "5",
            **variables,
        }
        self.visitor = Visitor(port)
        self.child = self.start()

    def start(self) -> Child:
        child = self.start_child(["python", "-P", "-m", "updater"], environment=self.environment)
        child.wait_for("The appliance is ready")
        return child

    def make_account(self) -> str:
        """Do the first step; return where it leads."""
        found = re.search(r"enter this token: ([0-9a-f-]+)", self.child.wait_for("First-run setup"))
        assert found is not None
        sent = {"token": found[1], "password": PASSWORD, "password_again": PASSWORD, "name": "Town hall"}
        return self.visitor.post("/setup", sent, form_page="/setup").location

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        return asyncio.run(ControlClient(self.folder / "run" / "collector.sock", "collector").call(method, path, body))

    def status(self) -> dict[str, Any]:
        return self.call("GET", "/v1/status")

    def problems(self) -> set[str]:
        return {problem["name"] for problem in self.status()["problems"]}


@pytest.fixture
def printers(start_simulator: StartSimulator) -> RunningSimulator:
    return start_simulator("--fleet", "4")


@pytest.fixture
def appliance(tmp_path: Path, free_port: FreePort, start_child: StartChild, printers: RunningSimulator) -> Appliance:
    return Appliance(
        tmp_path,
        free_port(),
        start_child,
        DCA_SNMP_PORT=str(printers.port),
        DCA_SNMP_TIMEOUT_SECONDS="0.5",
        DCA_PACKETS_PER_SECOND="1000",
    )


@pytest.fixture
def hosting() -> Iterator[Peer]:
    with serving(Decided().answer) as peer:
        yield peer


def calls(hosting: Peer) -> set[str]:
    """Return what was called at the hosting server so far."""
    return {request.target.rpartition("/")[2] for request in hosting.received}


def sent(hosting: Peer) -> list[dict[str, Any]]:
    return [one for request in hosting.received if request.target.endswith("/readings") for one in request.content["readings"]]


def test_the_setup_asks_for_masks_first_and_scans_only_when_asked_to(
    appliance: Appliance, printers: RunningSimulator, hosting: Peer
) -> None:
    assert appliance.make_account() == "/setup/privacy"
    visitor = appliance.visitor
    assert visitor.post("/setup/privacy", ALL_MASKS).location == "/setup/hosting"
    page = visitor.get("/setup/hosting").shown
    assert "Masked: IP addresses (without the last part), Host names (left out)" in page
    assert visitor.post("/setup/hosting", {"enrolment": f"{hosting.url}#enrol=CODE1234"}).location == "/setup/devices"
    assert visitor.post("/setup/devices", {"targets": printers.span}).location == "/setup/care"
    wait_until("the site has checked in", lambda: "checkin" in calls(hosting))
    status = appliance.status()
    assert (status["scan"], status["last_scan"], status["next_sweep_at"]) == (None, None, None)
    assert "first_scan" in appliance.problems()
    appliance.child.stop()
    appliance.child = appliance.start()
    assert appliance.status()["next_sweep_at"] is None, "also after a restart"
    assert "Start the first scan" in visitor.get("/setup/scan").shown
    assert "readings" not in calls(hosting)

    assert visitor.post("/scan", {"from": "setup"}).location == "/setup/scan"
    wait_until("the readings have arrived", lambda: len(sent(hosting)) == 4)
    assert {reading["device"]["ip"].rpartition(".")[2] for reading in sent(hosting)} == {"x"}
    assert all(reading["device"]["location"] is None for reading in sent(hosting))
    wait_until("the next sweep is planned", lambda: appliance.status()["next_sweep_at"])
    assert "first_scan" not in appliance.problems()


def test_an_enrolment_before_the_masks_sends_nothing_until_they_are_chosen(
    appliance: Appliance, printers: RunningSimulator, hosting: Peer
) -> None:
    appliance.make_account()
    visitor = appliance.visitor
    visitor.post("/setup/hosting", {"enrolment": f"{hosting.url}#enrol=CODE1234"})
    assert "Nothing is sent before the masks are chosen." in visitor.get("/setup/devices").shown
    visitor.post("/setup/devices", {"targets": printers.span})
    visitor.post("/scan", {"from": "setup"})
    wait_until("the readings wait", lambda: appliance.status()["outbox"]["readings"] == 4)
    for path in ("/v1/upload", "/v1/check-in"):
        with pytest.raises(ControlError, match="nothing is sent yet"):
            appliance.call("POST", path)
    assert "masks" in appliance.problems()
    appliance.child.stop()
    appliance.child = appliance.start()
    wait_until("the plan is followed", lambda: appliance.status()["next_read_at"])
    assert "masks" in appliance.problems(), "also after a restart"
    assert calls(hosting) == {"enrol"}

    assert visitor.post("/settings/privacy", ALL_MASKS).location == "/settings#privacy"
    wait_until("the readings have arrived", lambda: len(sent(hosting)) == 4)
    told = json.dumps([request.content for request in hosting.received if not request.target.endswith("/enrol")])
    assert '"ip": "127.' in told
    assert not re.search(r"127\.\d+\.\d+\.\d", told), "what was read before is masked as well"
    assert '"location": null' in told
    assert {event["kind"] for request in hosting.received for event in request.content.get("events", ())} >= {"device_new"}


def test_masks_kept_as_they_are_are_chosen_too(appliance: Appliance, hosting: Peer) -> None:
    appliance.make_account()
    visitor = appliance.visitor
    kept = {**dict.fromkeys(ALL_MASKS, "send"), "phone_numbers": "mask", "fields": ""}
    assert visitor.post("/setup/privacy", kept).location == "/setup/hosting"
    visitor.post("/setup/hosting", {"enrolment": f"{hosting.url}#enrol=CODE1234"})
    wait_until("the site has checked in", lambda: "checkin" in calls(hosting))
    assert "masks" not in appliance.problems()


def test_a_site_enrolled_by_its_environment_is_told_its_masks(
    tmp_path: Path, free_port: FreePort, start_child: StartChild, printers: RunningSimulator, hosting: Peer
) -> None:
    appliance = Appliance(
        tmp_path,
        free_port(),
        start_child,
        DCA_ENROLMENT=f"{hosting.url}#enrol=CODE1234",
        DCA_SCAN_TARGETS=printers.span,
        DCA_SNMP_PORT=str(printers.port),
        DCA_PRIVACY_LOCATION="mask",
    )
    wait_until("the readings have arrived", lambda: len(sent(hosting)) == 4)
    appliance.make_account()
    for path in ("/settings", "/setup/privacy"):
        shown = appliance.visitor.get(path).shown
        assert "The site was enrolled by its environment, with these masks: Masked: Locations (left out), Phone numbers" in shown
    assert appliance.status()["masks"]["chosen"]
