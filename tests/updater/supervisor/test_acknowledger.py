"""What a new version says of itself while it is on trial, and when."""

import json
import socket
import sys
from typing import Any

import pytest

from appliance.common.version import installed_version
from tests.ports import free_port
from tests.updater.harness import Appliance, wait_until
from tests.updater.offering import NEXT, OfferedTo
from updater.configuration.rules import CheckResult
from updater.records.acknowledgement import Acknowledgement, read

TRANSACTION = "ab" * 6


class OnTrial(OfferedTo):
    """A version that has just been switched to."""

    def __init__(self, appliance: Appliance) -> None:
        super().__init__(appliance)
        self.checked = self.folder / "checked"
        self.port = free_port()

    def begin(self, to_version: str = installed_version(), *, collector: dict[str, Any] | None = None) -> None:
        """Start it, with a collector and a web UI that can be asked, and a check that waits for the test."""
        self.transaction("switching", to_version)
        wait = "import pathlib, sys, time\nwhile not pathlib.Path(sys.argv[1]).exists(): time.sleep(0.02)\n"
        receive = [sys.executable, "-c", f"{wait}print(pathlib.Path(sys.argv[1]).read_text())", str(self.checked)]
        self.start(
            {"name": "collector", "serves": "socket"} | (collector or {}),
            {"name": "webui", "serves": self.port},
            receive_command=receive,
        )

    def check_ends(self, what: Any = "unchanged", reason: str = "", marker: str = "") -> None:
        """Let the check end so."""
        written = self.checked.with_suffix(".new")
        written.write_text(json.dumps(CheckResult(what, "So it is.", reason, marker).to_json()))
        written.rename(self.checked)

    def contact(self, **told: Any) -> None:
        """Let the collector say so of its way to the hosting server."""
        written = self.folder / "contact.new"
        written.write_text(json.dumps({"text": ""} | told))
        written.rename(self.folder / "contact")

    @property
    def said(self) -> Acknowledgement | None:
        return read(self.update, TRANSACTION)

    def wait_ready(self) -> Acknowledgement:
        return wait_until(lambda: said if (said := self.said) and said.stage == "ready" else None)


@pytest.fixture
def trial(appliance: Appliance) -> OnTrial:
    return OnTrial(appliance)


def test_a_version_is_ready_when_all_runs_and_one_check_has_ended(trial: OnTrial) -> None:
    trial.begin()
    said = wait_until(lambda: said if (said := trial.said) and said.collector and said.webui else None)
    assert (said.version, said.stage) == (installed_version(), "starting")
    assert "first check for what is new" in said.text
    trial.check_ends()
    said = trial.wait_ready()
    assert (said.collector, said.webui, said.refresh, said.text) == (True, True, "ok", "")


def test_a_collector_that_does_not_work_is_no_success(trial: OnTrial) -> None:
    trial.appliance.settings.change_site({"health_check": {"enabled": False}})
    trial.check_ends()
    trial.begin(collector={"arguments": ["--sick", "The database does not answer."]})
    said = wait_until(lambda: said if (said := trial.said) and "The database does not answer." in said.text else None)
    assert (said.stage, said.collector) == ("starting", False)


def test_a_web_ui_that_does_not_answer_on_its_port_is_no_success(trial: OnTrial) -> None:
    trial.appliance.settings.change_site({"health_check": {"enabled": False}})
    trial.check_ends()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port, trial.port = trial.port, taken.getsockname()[1]
        trial.transaction("switching", installed_version())
        trial.start(
            {"name": "collector", "serves": "socket"},
            {"name": "webui", "serves": trial.port, "arguments": ["--elsewhere", str(port)]},
            receive_command=["cat", str(trial.checked)],
        )
        silent = f"http://127.0.0.1:{trial.port}/healthz gave no answer"
        said = wait_until(lambda: said if (said := trial.said) and silent in said.text else None)
    assert (said.stage, said.webui) == ("starting", False)


@pytest.mark.parametrize(
    ("what", "reason", "marker", "told"),
    [
        ("applied", "", "0123456789abcdef", "ok"),
        ("refused", "guardrail", "0123456789abcdef", "ok"),
        ("refused", "signatures", "", "failed"),
        ("failed", "unreachable", "", "failed"),
    ],
)
def test_how_the_check_went_is_told_as_far_as_the_way_to_the_server_goes(
    trial: OnTrial, what: str, reason: str, marker: str, told: str
) -> None:
    trial.check_ends(what, reason, marker)
    trial.begin()
    assert trial.wait_ready().refresh == told


@pytest.mark.parametrize("without", ["level", "enrolment"])
def test_a_site_that_asks_nobody_is_ready_without_a_check(trial: OnTrial, without: str) -> None:
    if without == "level":
        trial.settings(level="off")
    else:
        trial.appliance.settings.change_documents("enrolment", lambda _rows: [])
    trial.begin()
    assert trial.wait_ready().refresh == "off"


@pytest.mark.parametrize("phase", ["rolling_back", "committed"])
def test_nothing_is_said_outside_of_a_trial(trial: OnTrial, phase: Any) -> None:
    trial.check_ends()
    trial.transaction(phase, installed_version())
    trial.start({"name": "collector"}, {"name": "webui"})
    trial.appliance.wait_running()
    wait_until(lambda: trial.runs("tidy"))
    assert trial.said is None


def test_the_version_that_is_left_says_nothing(trial: OnTrial) -> None:
    trial.check_ends()
    trial.begin(NEXT)
    trial.appliance.wait_running()
    wait_until(lambda: trial.runs("tidy"))
    assert trial.said is None


def test_a_trial_that_is_cut_short_begins_anew(trial: OnTrial) -> None:
    trial.begin()
    wait_until(lambda: trial.said)
    trial.appliance.end()
    trial.check_ends()
    trial.begin()
    assert trial.wait_ready().refresh == "ok"


@pytest.mark.parametrize("lacking", ["check_in", "upload"])
def test_a_version_is_not_ready_before_its_first_check_in_and_upload_have_ended(trial: OnTrial, lacking: str) -> None:
    trial.check_ends()
    trial.contact(**{"check_in": "ok", "upload": "ok", lacking: None})
    trial.begin()
    said = wait_until(lambda: said if (said := trial.said) and said.collector and said.webui and said.refresh == "ok" else None)
    assert said.stage == "starting"
    assert "first check-in and the first upload" in said.text
    trial.contact(check_in="ok", upload="ok")
    said = trial.wait_ready()
    assert (said.check_in, said.upload, said.unreached) == ("ok", "ok", frozenset())


@pytest.mark.parametrize("failed", ["check_in", "upload"])
def test_a_way_that_does_not_work_is_told_with_its_reason(trial: OnTrial, failed: str) -> None:
    trial.check_ends()
    trial.contact(**{"check_in": "ok", "upload": "ok", failed: "failed", "text": "The hosting server takes nothing."})
    trial.begin()
    said = trial.wait_ready()
    assert said.unreached == {failed}
    assert "The hosting server takes nothing." in said.text
    trial.contact(check_in="ok", upload="ok")
    wait_until(lambda: (said := trial.said) and not said.unreached)
