"""`dca run` with the real collector and the real web UI: what is repaired, what is left alone, and how it ends."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from appliance.settings.model import Settings, WebSettings
from tests.updater.harness import Appliance, alive, wait_until
from updater.checks.deep import Deep
from updater.components.specs import declare_components

DCA = str(Path(sys.executable).with_name("dca"))


def run(appliance: Appliance) -> int:
    """Run the appliance, wait until all is well, and return the pid of the collector."""
    appliance.run([DCA, "run"])
    appliance.wait_running("webui", seconds=60)
    return appliance.wait_running(seconds=60)


def test_killed_collector_runs_again_within_10_seconds(appliance: Appliance) -> None:
    first = run(appliance)
    os.kill(first, signal.SIGKILL)
    appliance.wait_running(after=first, seconds=10)
    assert appliance.component()["restarts"] == 1


def test_stopped_collector_runs_again_within_10_seconds(appliance: Appliance) -> None:
    first = run(appliance)
    os.kill(first, signal.SIGSTOP)
    appliance.wait_running(after=first, seconds=10)
    assert not alive(first)


def test_killed_collector_is_reported_and_left_alone_with_the_health_check_off(appliance: Appliance) -> None:
    appliance.environment["DCA_HEALTH_CHECK"] = "off"
    os.kill(run(appliance), signal.SIGKILL)
    wait_until(lambda: appliance.issue("exited"))
    time.sleep(3)  # several times the first delay: a restart would have been made
    assert appliance.component()["state"] == "failed"
    answer = subprocess.run([DCA, "health"], env=appliance.environment, capture_output=True, text=True, timeout=30, check=False)
    assert answer.returncode == 1
    assert "the collector is down since " in answer.stdout + answer.stderr


def test_stopped_collector_is_reported_and_left_alone_with_the_health_check_off(appliance: Appliance) -> None:
    appliance.environment["DCA_HEALTH_CHECK"] = "off"
    collector = run(appliance)
    os.kill(collector, signal.SIGSTOP)
    wait_until(lambda: appliance.issue("heartbeat"))
    time.sleep(2)  # four more looks of the check
    assert alive(collector)
    assert appliance.component()["pid"] == collector
    assert not appliance.call("GET", "/v1/health")["ok"]


def test_real_components_pass_their_deep_checks(appliance: Appliance) -> None:
    run(appliance)
    settings = Settings(web=WebSettings(bind="127.0.0.1", port=int(appliance.environment["DCA_WEB_PORT"])))
    check = Deep()
    assert [asyncio.run(check.ask(spec)) for spec in declare_components(settings, appliance.paths)] == [None, None]
    assert appliance.call("GET", "/v1/status")["issues"] == []
    appliance.stop()
    assert None not in [asyncio.run(check.ask(spec)) for spec in declare_components(settings, appliance.paths)]


def test_term_stops_everything_within_8_seconds(appliance: Appliance) -> None:
    pids = [run(appliance), appliance.component("webui")["pid"]]
    code, seconds = appliance.stop()
    assert code == 0
    assert seconds < 8
    assert not any(alive(pid) for pid in pids)


def test_second_appliance_on_the_same_data_folder_is_refused(appliance: Appliance) -> None:
    collector = run(appliance)
    second = subprocess.run([DCA, "run"], env=appliance.environment, capture_output=True, text=True, timeout=60, check=False)
    assert second.returncode == 1
    assert second.stderr.startswith(f"dca: The data folder {appliance.folder} is in use by another appliance")
    assert second.stderr.count("\n") == 1
    assert appliance.component()["pid"] == collector


def test_components_die_with_a_supervisor_that_is_killed(appliance: Appliance) -> None:
    pids = [run(appliance), appliance.component("webui")["pid"]]
    appliance.stop(signal.SIGKILL)
    wait_until(lambda: not any(alive(pid) for pid in pids))


def test_port_in_use_is_said_in_one_sentence(appliance: Appliance) -> None:
    with socket.create_server(("127.0.0.1", int(appliance.environment["DCA_WEB_PORT"]))):
        appliance.run([DCA, "run"])
        wait_until(lambda: appliance.component("webui")["last_exit"])
        assert appliance.component("webui")["last_exit"].startswith("exited with code 1: ")
        assert appliance.environment["DCA_WEB_PORT"] in appliance.component("webui")["last_exit"]
        assert "Traceback" not in appliance.log.read_text()
        appliance.wait_running(seconds=60)
    appliance.wait_running("webui", seconds=60)
