"""`dca run` over damaged files of its data folder: nothing ends for them, all becomes ready, and each is told once."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from appliance.common.version import installed_version
from tests.updater.harness import Appliance
from tests.updater.transactions import TRANSACTION, transaction

DCA = str(Path(sys.executable).with_name("dca"))
MOMENT = "2026-11-26T01:00:00Z"
JOURNAL = transaction(phase="switching", to_release={"version": installed_version()}).to_json()
RESULT = {
    "transaction": TRANSACTION,
    "from_version": "0.0.9",
    "to_version": installed_version(),
    "started_at": MOMENT,
    "finished_at": MOMENT,
    "seconds": "12",
    "outcome": "installed",
    "reason": "",
    "text": "",
    "by": "auto",
}
STABILITY = {"version": installed_version(), "since": "9999-12-31T23:59:59Z", "late_rollback": True, "crashes": 0, "running": True}
CHOICE = {"at": MOMENT}
ENROLMENT = {"url": "http://127.0.0.1:9", "site_id": "x", "root_sha256": "\0../.."}
FOLDERS: dict[str, dict[str, Any]] = {
    "numbers": {
        "update/journal.json": JOURNAL | {"api": [float("inf"), 1]},
        "update/history.json": [RESULT],
        "update/denied.json": [{"config": "sha256:a", "version": "0.2.0", "counter": "5", "at": MOMENT, "reason": "r"}],
        "update/stability.json": STABILITY | {"since": MOMENT, "crashes": "3"},
        "settings.json": {"privacy_choice": {"1": CHOICE}},
    },
    "identifiers and moments": {
        "update/journal.json": JOURNAL | {"transaction": "xyz"},
        "update/stability.json": STABILITY,
        "update/progress.json": {"transaction": TRANSACTION, "stage": "gate", "percent": 10**400, "text": "x", "at": "y"},
        "update/approval.json": {"version": "\0../..", "by": "", "at": "x"},
        "settings.json": {"enrolment": {"1": ENROLMENT}, "privacy_choice": {"1": {"by": "somebody", "at": MOMENT}}},
    },
    "nested": {
        "update/journal.json": JOURNAL | {"old": {"id": None, "name": None, "image_id": 1, "reference": 2, "inspect": []}},
        "update/offered.json": {"at": [], "rollout_marker": {}, "floor": float("nan")},
        "settings.json": {
            "received": {
                "1": {
                    "in_force": {
                        "layers": [],
                        "received_at": "x",
                        "marker": [],
                        "trial": True,
                        "watches": "many",
                        "kept_at": "9999-12-31T23:59:59-23:59",
                    },
                    "earlier": [],
                    "outcomes": [],
                    "marker": "m",
                    "state": "kept",
                }
            }
        },
    },
}


@pytest.mark.parametrize("folder", FOLDERS)
def test_appliance_becomes_ready_over_damaged_files_and_tells_them_once(appliance: Appliance, folder: str) -> None:
    files = {name: json.dumps(content).encode() for name, content in FOLDERS[folder].items()}
    (appliance.folder / "update").mkdir()
    for name, content in files.items():
        (appliance.folder / name).write_bytes(content)

    appliance.run([DCA, "run"])
    appliance.wait_running("webui", seconds=120)
    appliance.wait_running(seconds=120)
    status = subprocess.run(
        [sys.executable, "-m", "updater", "update", "status"],
        env=os.environ | appliance.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (status.returncode, status.stderr) == (0, "")
    assert [appliance.component(name)["restarts"] for name in ("collector", "webui")] == [0, 0]
    assert appliance.stop()[0] == 0

    log = appliance.log.read_text()
    assert "Traceback" not in log
    for name, content in files.items():
        assert log.count(str(appliance.folder / name)) == 1, name
        assert (appliance.folder / name).read_bytes() == content, "what an administrator may need is gone"
