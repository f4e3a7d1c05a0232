"""`dca settings show` and `dca settings set`."""

import contextlib
import json
import os
import pty
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.appliance.collector import RUN_DCA, Site


def test_settings_are_set_and_shown_with_who_set_them_and_without_secrets(site: Site) -> None:
    site.variables["DCA_READ_MINUTES"] = "30"
    site.set(
        "scan.targets=10.0.0.0/24, printer-7", "scan.icmp=off", "snmp.credentials=room-7,public", "hosting.proxy_password=hunter2"
    )
    shown = json.loads(site.dca("settings", "show", "--json").stdout)
    assert shown["scan.targets"] == {"value": ["10.0.0.0/24", "printer-7"], "layer": "site", "variable": None}
    assert shown["scan.icmp"]["value"] is False
    assert shown["scan.read_minutes"] == {"value": 30, "layer": "environment", "variable": "DCA_READ_MINUTES"}
    assert shown["scan.sweep_minutes"]["layer"] == "default"
    assert shown["hosting.proxy_password"]["value"] == "(hidden)"
    assert [item["community"] for item in shown["snmp.credentials"]["value"]] == ["(hidden)", "(hidden)"]
    text = site.dca("settings", "show").stdout
    assert "room-7" not in text
    assert "hunter2" not in text
    assert "environment (DCA_READ_MINUTES)" in text
    assert stat.S_IMODE((site.data / "settings.json").stat().st_mode) == 0o600


def test_a_value_goes_back_to_the_layer_below_and_comes_from_a_file(site: Site, tmp_path: Path) -> None:
    (tmp_path / "communities").write_text("room-7\npublic\n")
    site.set("scan.sweep_minutes=60", f"snmp.credentials=@{tmp_path / 'communities'}")
    site.set("scan.sweep_minutes=null", 'scan.exclude=["10.0.0.1"]')
    shown = json.loads(site.dca("settings", "show", "--json").stdout)
    assert shown["scan.sweep_minutes"] == {"value": 1440, "layer": "default", "variable": None}
    assert shown["scan.exclude"]["value"] == ["10.0.0.1"]
    assert len(shown["snmp.credentials"]["value"]) == 2


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("scan.speed=9", "There is no setting scan.speed"),
        ("speed", "Write SECTION.FIELD=VALUE"),
        ("scan.read_minutes=0", "scan.read_minutes"),
        ("scan.targets=10.0.0.0/99", "is no range of addresses"),
        ("scan.sweep_minutes=30", "set by DCA_SWEEP_MINUTES in the environment"),
        ("scan.targets=[1", "has to be JSON"),
        ("scan.targets=@/no/such/file", "cannot be read from /no/such/file: No such file or directory."),
        ("scan.icmp=maybe", "scan.icmp: Write on or off, in a file true or false."),
        ("scan.targets=10.0.0.0/4", "scan.targets.0: 10.0.0.0/4, which is 0.0.0.0/4, has more addresses"),
    ],
)
def test_a_change_that_cannot_be_made_changes_nothing(site: Site, change: str, sentence: str) -> None:
    site.variables["DCA_SWEEP_MINUTES"] = "60"
    finished = site.dca("settings", "set", "scan.packets_per_second=100", change)
    assert finished.returncode == 1
    assert sentence in finished.stderr
    assert len(finished.stderr.splitlines()) == 1
    shown = json.loads(site.dca("settings", "show", "--json").stdout)
    assert shown["scan.packets_per_second"]["layer"] == "default"


def test_what_is_set_is_printed_without_secrets(site: Site) -> None:
    finished = site.dca("settings", "set", "scan.targets=192.168.1.5/24,printer-7", "snmp.credentials=room-7", "scan.icmp=off")
    assert finished.returncode == 0
    assert finished.stdout.splitlines()[:2] == ["scan.targets: 192.168.1.0/24, printer-7", "scan.icmp: off"]
    assert "room-7" not in finished.stdout + finished.stderr
    assert finished.stderr == "dca: scan.targets holds whole networks: 192.168.1.0/24 for 192.168.1.5/24.\n"
    assert site.dca("settings", "set", "scan.icmp=null").stdout == "scan.icmp: on (default)\n"


def test_ranges_of_unusual_reach_have_to_be_confirmed(site: Site) -> None:
    finished = site.dca("settings", "set", "scan.targets=8.8.8.0/24", "scan.packets_per_second=100")
    assert finished.returncode == 1
    assert "254 of them are public addresses (8.8.8.0/24)" in finished.stderr
    assert "at 100 packets a second" in finished.stderr
    assert "--yes" in finished.stderr
    assert json.loads(site.dca("settings", "show", "--json").stdout)["scan.targets"]["value"] == []
    finished = site.dca("settings", "set", "--yes", "scan.targets=8.8.8.0/24")
    assert finished.returncode == 0
    assert finished.stdout == "scan.targets: 8.8.8.0/24\n"
    assert "254 of them are public addresses" in finished.stderr


@pytest.mark.parametrize(("answer", "kept"), [("y\n", True), ("n\n", False), ("\x04", False)])
def test_a_person_at_a_terminal_is_asked(site: Site, answer: str, kept: bool) -> None:
    command = [sys.executable, "-c", RUN_DCA, "settings", "set", "scan.targets=8.8.8.0/24"]
    master, terminal = pty.openpty()
    with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, env=os.environ | site.environment) as child:
        os.close(terminal)
        said = b""
        while b"[y/N]" not in said:
            said += os.read(master, 1000)
        os.write(master, answer.encode())
        with contextlib.suppress(OSError):  # the other end is closed
            while more := os.read(master, 1000):
                said += more
        assert child.wait(60) == (0 if kept else 1)
    os.close(master)
    assert b"public addresses" in said
    assert b"Traceback" not in said
    assert (b"Nothing was changed." in said) is not kept
    assert json.loads(site.dca("settings", "show", "--json").stdout)["scan.targets"]["value"] == (["8.8.8.0/24"] if kept else [])


def test_what_the_guardrails_forbid_is_told(site: Site) -> None:
    site.set("scan.targets=127.77.0.0/28")
    finished = site.dca("settings", "set", "guardrails.networks=10.0.0.0/8")
    assert finished.returncode == 0
    assert "scan.targets names 127.77.0.0/28, which guardrails.networks does not allow" in finished.stderr
