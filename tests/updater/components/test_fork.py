"""A component that is forked from the supervisor: it has what it needs, and nothing of the supervisor's."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.children import heed_interrupts
from tests.updater.harness import Appliance, alive, wait_until

FORKED = {"name": "collector", "module": "forked", "times": {"watchdog_seconds": 600.0}}


def status_of(pid: int) -> dict[str, str]:
    """Return /proc/PID/status."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def started(appliance: Appliance) -> dict[str, Any]:
    """Start the appliance with the forked component, and return what that wrote down."""
    appliance.start(FORKED)
    appliance.wait_running()
    facts: dict[str, Any] = json.loads((appliance.folder / "facts.json").read_text())
    return facts


def test_module_runs_as_a_main_program_with_its_environment(appliance: Appliance) -> None:
    appliance.environment["DCA_SITE_NAME"] = "Depot"
    facts = started(appliance)

    assert facts["in_main"].endswith("forked.py")
    assert facts["arguments"] == []
    assert facts["environment"]["DCA_SITE_NAME"] == "Depot"
    assert facts["environment"]["NOTIFY_SOCKET"] == str(appliance.paths.run / "notify.sock")


def test_what_it_needs_was_loaded_by_the_supervisor(appliance: Appliance) -> None:
    assert started(appliance)["preloaded"] is True


def test_it_holds_no_descriptor_of_the_supervisor(appliance: Appliance) -> None:
    pid = started(appliance)["pid"]
    targets = {int(entry.name): str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()}

    assert targets.pop(0) == "/dev/null"
    assert targets.pop(1) == str(appliance.log)
    assert targets.pop(2).startswith("pipe:")
    assert set(targets.values()) <= {"/dev/null"}


def test_its_signals_are_those_of_a_fresh_interpreter(appliance: Appliance) -> None:
    pid = started(appliance)["pid"]
    command = [sys.executable, "-c", "print(flush=True); input()"]
    with subprocess.Popen(command, stdin=-1, stdout=-1, preexec_fn=heed_interrupts) as fresh:  # noqa: PLW1509 - as in Child
        assert fresh.stdout is not None
        fresh.stdout.readline()
        expected = status_of(fresh.pid)
        fresh.kill()
    found = status_of(pid)

    assert {name: found[name] for name in ("SigBlk", "SigIgn", "SigCgt")} == {
        name: expected[name] for name in ("SigBlk", "SigIgn", "SigCgt")
    }


def test_it_leads_its_own_process_group_below_a_supervisor_without_threads(appliance: Appliance) -> None:
    pid = started(appliance)["pid"]
    assert appliance.process is not None

    assert os.getpgid(pid) == pid
    assert status_of(pid)["PPid"] == str(appliance.process.pid)
    assert status_of(appliance.process.pid)["Threads"] == "1"


def test_lists_of_processes_show_its_title(appliance: Appliance) -> None:
    pid = started(appliance)["pid"]

    assert Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0") == b"dca collector"
    assert Path(f"/proc/{pid}/comm").read_text() == "dca collector\n"


def test_its_log_lines_bear_its_own_name_after_the_supervisor_used_the_same_logger(appliance: Appliance) -> None:
    appliance.settings.change_site({"site": {"name": "Depot"}})
    appliance.paths.settings.write_text("broken")
    started(appliance)

    lines = [json.loads(line) for line in appliance.log.read_text().splitlines()]
    said = {line["event"]: line["component"] for line in lines}
    assert said["the settings file was broken; the good copy is used"] == "supervisor"
    assert said["said by the fork"] == "forked"


def test_it_is_terminated_by_sigterm_and_the_supervisor_stays(appliance: Appliance) -> None:
    pid = started(appliance)["pid"]
    os.kill(pid, signal.SIGTERM)

    appliance.wait_running(after=pid)
    assert appliance.component()["last_exit"] == "was killed by SIGTERM"


def test_it_dies_with_a_killed_supervisor_even_when_it_is_stopped(appliance: Appliance) -> None:
    pid = started(appliance)["pid"]
    os.kill(pid, signal.SIGSTOP)
    assert appliance.process is not None
    appliance.process.kill()

    wait_until(lambda: not alive(pid), 5)


@pytest.mark.parametrize(("end", "words"), [("raise", "RuntimeError: this went wrong"), ("sentence", "The sentence it ends with.")])
def test_its_last_words_are_kept(appliance: Appliance, end: str, words: str) -> None:
    appliance.environment["DCA_TEST_END"] = end
    appliance.start(FORKED)

    wait_until(lambda: appliance.component()["last_exit"] == f"exited with code 1: {words}")


def test_module_that_cannot_be_loaded_is_a_component_that_fails(appliance: Appliance) -> None:
    appliance.start({"name": "collector", "module": "no_such_module"}, {"name": "webui"})

    appliance.wait_running("webui")
    last_exit = wait_until(lambda: appliance.component()["last_exit"])
    assert "No module named no_such_module" in last_exit
