"""The supervisor with real component processes: what is repaired, what is reported, how it ends."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from appliance.common.errors import ControlError
from appliance.common.files import write_atomic
from tests.ports import free_port
from tests.updater.harness import Appliance, alive, wait_until

COLLECTOR = {"name": "collector"}
WEBUI = {"name": "webui"}
FAILING = {"name": "collector", "command": [sys.executable, "-c", "raise SystemExit('Port 8080 is in use.')"]}
SHORT_WATCHDOG = {"name": "collector", "times": {"watchdog_seconds": 1.0}}


def children_of(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


# Starting and reporting


def test_components_start_and_are_reported(appliance: Appliance) -> None:
    appliance.start()
    appliance.wait_running("collector")
    appliance.wait_running("webui")
    status = appliance.call("GET", "/v1/status")
    assert [component["name"] for component in status["components"]] == ["collector", "webui"]
    collector = status["components"][0]
    assert collector["status"] == "collector at work"
    assert collector["restarts"] == 0
    assert collector["last_exit"] is None
    assert collector["last_heartbeat_at"] >= collector["started_at"]
    assert 1 < collector["memory_mb"] < 100
    assert status["issues"] == []
    assert status["health_check"] is True
    assert status["update"]["level"] == "auto"


def test_health_is_one_line_that_tells_who_runs(appliance: Appliance) -> None:
    appliance.start()
    health = wait_until(lambda: (answer := appliance.call("GET", "/v1/health"))["ok"] and answer)
    assert health["text"].startswith("collector and webui are running; last heartbeat ")


def test_output_of_components_reaches_the_log_of_the_container(appliance: Appliance) -> None:
    appliance.start(COLLECTOR)
    appliance.wait_running()
    wait_until(lambda: '{"event": "hello from collector"}' in appliance.log.read_text())


def test_images_are_judged_by_a_short_lived_process(appliance: Appliance) -> None:
    appliance.start(COLLECTOR)
    wait_until(lambda: appliance.call("GET", "/v1/status")["update"]["image_updates"] != "unknown")
    assert appliance.process is not None
    supervisor = appliance.process.pid
    wait_until(lambda: len(children_of(supervisor)) == 1)


# The health check switched on


def test_killed_collector_runs_again_within_10_seconds(appliance: Appliance) -> None:
    appliance.start()
    first = appliance.wait_running()
    os.kill(first, signal.SIGKILL)
    appliance.wait_running(after=first, seconds=10)
    collector = appliance.component()
    assert collector["restarts"] == 1
    assert collector["last_exit"] == "was killed by SIGKILL"
    wait_until(lambda: (appliance.issue("exited") or {}).get("fixed"))


def test_stopped_collector_is_killed_and_runs_again_within_10_seconds(appliance: Appliance) -> None:
    appliance.start()
    first = appliance.wait_running()
    other = appliance.wait_running("webui")
    os.kill(first, signal.SIGSTOP)
    appliance.wait_running(after=first, seconds=10)
    assert not alive(first)
    assert appliance.component("webui")["pid"] == other
    issue = wait_until(lambda: (found := appliance.issue("heartbeat")) and found["fixed"] and found)
    assert issue["text"].startswith("The collector has sent no heartbeat for ")


def test_hanging_component_is_found_by_its_heartbeat(appliance: Appliance) -> None:
    appliance.start(SHORT_WATCHDOG)
    first = appliance.wait_running()
    appliance.order("hang")
    appliance.wait_running(after=first)
    assert appliance.issue("heartbeat") is not None


def test_heartbeats_of_a_stranger_keep_nobody_alive(appliance: Appliance) -> None:
    appliance.start(SHORT_WATCHDOG)
    first = appliance.wait_running()
    os.kill(first, signal.SIGSTOP)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagram:
        datagram.connect(str(appliance.paths.run / "notify.sock"))

        def pretend_until_killed() -> bool:
            datagram.send(b"WATCHDOG=1\nREADY=1")
            return not alive(first)

        wait_until(pretend_until_killed)


def test_last_words_of_a_component_are_reported(appliance: Appliance) -> None:
    appliance.start(FAILING)
    wait_until(lambda: appliance.component()["state"] == "backing_off")
    assert appliance.component()["last_exit"] == "exited with code 1: Port 8080 is in use."
    health = appliance.call("GET", "/v1/health")
    assert not health["ok"]
    assert "Port 8080 is in use." in health["text"]
    assert "Port 8080 is in use." in appliance.log.read_text()


def test_component_that_cannot_be_executed_is_reported(appliance: Appliance) -> None:
    appliance.start({"name": "collector", "command": ["/nowhere/python"]})
    wait_until(lambda: "could not be started" in (appliance.component()["last_exit"] or ""))


def test_component_that_never_gets_ready_is_restarted(appliance: Appliance) -> None:
    appliance.start({"name": "collector", "arguments": ["--mute"], "times": {"startup_seconds": 1.0}})
    wait_until(lambda: appliance.component()["restarts"] >= 1)
    assert appliance.issue("startup") is not None


def test_component_above_its_memory_ceiling_is_restarted(appliance: Appliance) -> None:
    appliance.settings.change_site({"health_check": {"memory_ceiling_mb": 64}})
    appliance.start(COLLECTOR)
    first = appliance.wait_running()
    appliance.order("eat 80")
    appliance.wait_running(after=first)
    issue = appliance.issue("memory")
    assert issue is not None
    assert "above the ceiling of 64 MB" in issue["text"]


def test_collector_that_fails_its_deep_check_is_restarted(appliance: Appliance) -> None:
    appliance.start({"name": "collector", "serves": "socket"})
    first = appliance.wait_running()
    appliance.order("sick The database does not answer.")
    appliance.wait_running(after=first)
    issue = appliance.issue("deep")
    assert issue is not None
    assert issue["text"] == "The collector runs and does not work: The database does not answer."


def test_web_ui_that_fails_its_deep_check_is_restarted(appliance: Appliance) -> None:
    port = free_port()
    appliance.start({"name": "webui", "serves": port})
    first = appliance.wait_running("webui")
    appliance.order("sick Pages cannot be made.", "webui")
    appliance.wait_running("webui", after=first)
    issue = appliance.issue("deep", "webui")
    assert issue is not None
    assert f"http://127.0.0.1:{port}/healthz answered 503" in issue["text"]


def test_healthy_components_pass_their_deep_checks(appliance: Appliance) -> None:
    appliance.start({"name": "collector", "serves": "socket"}, {"name": "webui", "serves": free_port()})
    pids = appliance.wait_running(), appliance.wait_running("webui")
    time.sleep(1.5)  # several deep checks at 0.2 s: nothing is to happen, so there is no event to wait for
    assert (appliance.component()["pid"], appliance.component("webui")["pid"]) == pids
    assert appliance.call("GET", "/v1/status")["issues"] == []


def test_low_disk_space_is_reported_without_a_fix(appliance: Appliance) -> None:
    appliance.start(COLLECTOR, low_bytes=1 << 60)
    issue = wait_until(lambda: appliance.issue("disk_space", None))
    assert issue["fix"] is None
    assert "store.keep_days" in issue["text"]


@pytest.mark.skipif(os.getuid() != 0 or not shutil.which("unshare"), reason="needs root and unshare, to fill a small disk")
def test_full_disk_does_not_hinder_the_start(appliance: Appliance) -> None:
    full = appliance.folder / "full"
    full.mkdir()
    appliance.environment |= {"DCA_DATA_DIR": str(full), "DCA_RUN_DIR": str(appliance.paths.run)}
    fill = 'mount -t tmpfs -o size=64k tmpfs "$DCA_DATA_DIR"; dd if=/dev/zero of="$DCA_DATA_DIR/fill" bs=4k 2>/dev/null; exec "$@"'
    appliance.prefix = ("unshare", "--mount", "sh", "-c", fill, "sh")
    appliance.start(COLLECTOR)
    appliance.wait_running()
    wait_until(lambda: appliance.issue("disk_space", None))


def test_spent_restart_budget_ends_the_appliance_with_75(appliance: Appliance) -> None:
    appliance.start(FAILING, WEBUI, policy={"budget": 3, "first_delay": 0.3})
    webui = appliance.wait_running("webui")
    assert appliance.process is not None
    assert appliance.process.wait(timeout=30) == 75
    assert not alive(webui)
    assert "was restarted 3 times within 30 minutes and fails still" in appliance.log.read_text()


def test_what_a_dead_component_started_is_killed(appliance: Appliance) -> None:
    appliance.start(COLLECTOR)
    first = appliance.wait_running()
    pid_file = appliance.folder / "grandchild"
    appliance.order(f"child {pid_file}")
    wait_until(pid_file.exists)
    grandchild = int(pid_file.read_text())
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: not alive(grandchild))


def test_orphans_are_reaped(appliance: Appliance) -> None:
    appliance.start(COLLECTOR)
    appliance.wait_running()
    pid_file = appliance.folder / "orphan"
    appliance.order(f"orphan {pid_file}")
    wait_until(pid_file.exists)
    orphan = int(pid_file.read_text())
    assert appliance.process is not None
    supervisor = appliance.process.pid
    wait_until(lambda: orphan in children_of(supervisor))
    wait_until(lambda: not Path(f"/proc/{orphan}").exists())


def test_pause_of_the_whole_container_restarts_nothing(appliance: Appliance) -> None:
    appliance.start(SHORT_WATCHDOG | {"times": {"watchdog_seconds": 4.0}})
    collector = appliance.wait_running()
    assert appliance.process is not None
    for pid in (appliance.process.pid, collector):
        os.kill(pid, signal.SIGSTOP)
    time.sleep(5.5)  # longer than the watchdog: the pause itself is what is tested
    for pid in (appliance.process.pid, collector):
        os.kill(pid, signal.SIGCONT)
    beat = wait_until(lambda: appliance.component()["last_heartbeat_at"])
    wait_until(lambda: appliance.component()["last_heartbeat_at"] > beat)
    assert appliance.component()["pid"] == collector
    assert appliance.issue("heartbeat") is None


# The health check switched off, and switching it


def test_switched_off_a_dead_collector_is_reported_and_left_alone(appliance: Appliance) -> None:
    appliance.settings.change_site({"health_check": {"enabled": False}})
    appliance.start()
    os.kill(appliance.wait_running(), signal.SIGKILL)
    issue = wait_until(lambda: appliance.issue("exited"))
    assert issue["text"] == "The collector was killed by SIGKILL."
    time.sleep(2)  # four times the first delay: a restart would have been made
    collector = appliance.component()
    assert (collector["state"], collector["pid"], collector["restarts"]) == ("failed", None, 0)
    assert appliance.call("GET", "/v1/status")["issues"] == [issue]
    assert appliance.call("GET", "/v1/health")["text"].startswith("the collector is down since ")


def test_switched_off_a_stopped_collector_is_reported_and_left_alone(appliance: Appliance) -> None:
    appliance.settings.change_site({"health_check": {"enabled": False}})
    appliance.start(SHORT_WATCHDOG)
    collector = appliance.wait_running()
    os.kill(collector, signal.SIGSTOP)
    wait_until(lambda: appliance.issue("heartbeat"))
    time.sleep(1.5)  # three more looks of the check
    assert appliance.component()["pid"] == collector
    assert alive(collector)
    assert not appliance.call("GET", "/v1/health")["ok"]
    os.kill(collector, signal.SIGCONT)
    wait_until(lambda: (appliance.issue("heartbeat") or {}).get("fixed"))
    assert appliance.component()["pid"] == collector


def test_switching_on_brings_a_dead_component_back(appliance: Appliance) -> None:
    appliance.settings.change_site({"health_check": {"enabled": False}})
    appliance.start(COLLECTOR)
    first = appliance.wait_running()
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: appliance.component()["state"] == "failed")
    appliance.health_check(True)
    appliance.wait_running(after=first, seconds=10)
    wait_until(lambda: (appliance.issue("exited") or {}).get("fixed"))


def test_switching_off_ends_the_wait_for_a_restart(appliance: Appliance) -> None:
    appliance.start(FAILING, policy={"first_delay": 2.0})
    wait_until(lambda: appliance.component()["state"] == "backing_off")
    appliance.health_check(False)
    collector = appliance.component()
    assert collector["state"] == "failed"
    time.sleep(3)  # the restart that was planned
    assert appliance.component()["restarts"] == collector["restarts"]
    assert appliance.call("GET", "/v1/status")["health_check"] is False


def test_settings_that_cannot_be_used_are_refused_and_the_old_ones_stay(appliance: Appliance) -> None:
    appliance.start(COLLECTOR)
    write_atomic(
        appliance.paths.settings, b'{"settings_site": {"1": {"section": "health_check", "fields": {"enabled": "perhaps"}}}}'
    )
    with pytest.raises(ControlError, match=r"health_check\.enabled"):
        appliance.call("POST", "/v1/reload")
    assert appliance.call("GET", "/v1/status")["health_check"] is True


# Restart by hand


def test_restart_by_hand(appliance: Appliance) -> None:
    appliance.start()
    first = appliance.wait_running()
    appliance.call("POST", "/v1/components/collector/restart")
    appliance.wait_running(after=first)
    assert (appliance.folder / "stops").read_text() == "collector\n"


def test_restart_by_hand_brings_back_what_the_switched_off_health_check_left_alone(appliance: Appliance) -> None:
    appliance.settings.change_site({"health_check": {"enabled": False}})
    appliance.start(COLLECTOR)
    first = appliance.wait_running()
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: appliance.component()["state"] == "failed")
    appliance.call("POST", "/v1/components/collector/restart")
    second = appliance.wait_running(after=first)
    os.kill(second, signal.SIGSTOP)
    appliance.call("POST", "/v1/components/collector/restart")
    appliance.wait_running(after=second)
    assert appliance.component()["last_exit"] == "exited with code 0"


def test_restart_of_a_component_that_ignores_sigterm_ends_in_a_kill(appliance: Appliance) -> None:
    appliance.start({"name": "collector", "arguments": ["--stubborn"], "times": {"stop_seconds": 1.0}})
    first = appliance.wait_running()
    appliance.call("POST", "/v1/components/collector/restart")
    appliance.wait_running(after=first)
    assert appliance.component()["last_exit"] == "was killed by SIGKILL"


def test_restart_of_an_unknown_component_is_refused(appliance: Appliance) -> None:
    appliance.start(COLLECTOR)
    with pytest.raises(ControlError, match="no component of that name"):
        appliance.call("POST", "/v1/components/printer/restart")


def test_unknown_call_is_refused_as_json(appliance: Appliance) -> None:
    appliance.start(COLLECTOR)
    with pytest.raises(ControlError, match="no such call"):
        appliance.call("GET", "/v2/anything")


# The end


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_stops_the_web_ui_before_the_collector_and_exits_0(appliance: Appliance, number: signal.Signals) -> None:
    appliance.start()
    pids = [appliance.wait_running(), appliance.wait_running("webui")]
    code, seconds = appliance.stop(number)
    assert code == 0
    assert seconds < 8
    assert (appliance.folder / "stops").read_text() == "webui\ncollector\n"
    assert not any(alive(pid) for pid in pids)
    assert not list(appliance.paths.run.glob("*.sock"))


def test_components_that_ignore_sigterm_do_not_keep_it_beyond_8_seconds(appliance: Appliance) -> None:
    appliance.start({"name": "collector", "arguments": ["--stubborn"]}, {"name": "webui", "arguments": ["--stubborn"]})
    pids = [appliance.wait_running(), appliance.wait_running("webui")]
    code, seconds = appliance.stop()
    assert code == 0
    assert 5 < seconds < 8
    assert not any(alive(pid) for pid in pids)


def test_second_signal_kills_at_once(appliance: Appliance) -> None:
    appliance.start({"name": "collector", "arguments": ["--stubborn"]})
    appliance.wait_running()
    assert appliance.process is not None
    appliance.process.send_signal(signal.SIGTERM)
    wait_until((appliance.folder / "stops").exists)
    code, seconds = appliance.stop()
    assert code == 0
    assert seconds < 3


def test_components_die_with_a_supervisor_that_is_killed(appliance: Appliance) -> None:
    appliance.start()
    pids = [appliance.wait_running(), appliance.wait_running("webui")]
    os.kill(pids[0], signal.SIGSTOP)
    appliance.stop(signal.SIGKILL)
    wait_until(lambda: not any(alive(pid) for pid in pids))


def test_sockets_left_by_a_killed_supervisor_do_not_hinder_the_next(appliance: Appliance) -> None:
    appliance.start(COLLECTOR)
    appliance.wait_running()
    appliance.stop(signal.SIGKILL)
    appliance.start(COLLECTOR)
    appliance.wait_running()


@pytest.mark.skipif(os.getuid() != 0 or not shutil.which("unshare"), reason="needs root and unshare, to be process 1")
def test_supervisor_works_as_process_1_without_an_init(appliance: Appliance) -> None:
    appliance.prefix = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")
    appliance.start()
    appliance.wait_running()
    appliance.order("exit 3 enough")
    wait_until(lambda: appliance.component()["restarts"] == 1 and appliance.component()["state"] == "running")
    assert appliance.call("GET", "/v1/status")["pid"] == 1
    assert appliance.component()["last_exit"] == "exited with code 3: enough"
    assert appliance.process is not None
    os.kill(children_of(appliance.process.pid)[0], signal.SIGTERM)
    assert appliance.process.wait(timeout=30) == 0


# Under systemd


def test_supervisor_tells_systemd_when_it_is_ready_alive_and_stopping(appliance: Appliance) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        path = appliance.folder / "systemd.sock"
        systemd.bind(str(path))
        systemd.settimeout(30)
        appliance.environment |= {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "400000"}

        def wait_for(field: bytes) -> None:
            while field not in systemd.recv(4096).split(b"\n"):
                pass

        appliance.start()
        wait_for(b"READY=1")
        assert appliance.call("GET", "/v1/health")["ok"]
        wait_for(b"WATCHDOG=1")
        appliance.stop()
        wait_for(b"STOPPING=1")


# Refusals of the command


def run_command(appliance: Appliance, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "updater", "run"],
        env=appliance.environment | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_run_folder_of_another_appliance_is_refused(appliance: Appliance) -> None:
    appliance.start(COLLECTOR)
    done = run_command(appliance, DCA_DATA_DIR=str(appliance.folder / "other"), DCA_RUN_DIR=str(appliance.paths.run))
    assert done.returncode == 1
    assert done.stderr.startswith("dca: The folder ")
    assert "DCA_RUN_DIR" in done.stderr
    assert appliance.answers()


def test_run_folder_with_a_path_too_long_for_sockets_is_refused(appliance: Appliance) -> None:
    done = run_command(appliance, DCA_RUN_DIR=str(appliance.folder / ("x" * 100)))
    assert done.returncode == 1
    assert "Name another, shorter folder in DCA_RUN_DIR." in done.stderr
    assert "Traceback" not in done.stderr


def test_settings_that_cannot_be_used_are_refused_at_the_start(appliance: Appliance) -> None:
    done = run_command(appliance, DCA_HEALTH_CHECK="perhaps")
    assert done.returncode == 1
    assert done.stderr == "dca: DCA_HEALTH_CHECK cannot be used: 'perhaps' is neither on nor off.\n"


def test_unknown_log_level_is_refused(appliance: Appliance) -> None:
    done = run_command(appliance, DCA_LOG_LEVEL="loud")
    assert done.returncode == 1
    assert "DCA_LOG_LEVEL" in done.stderr


@pytest.mark.parametrize("components", ["", "webui.server, appliance.service.collector.process, "])
def test_supervisor_stays_small(components: str) -> None:
    """What only short-lived processes, enrolled sites or certain printers need is not among what all processes share."""
    heavy = "{'docker', 'requests', 'tuf', 'pysnmp', 'cryptography', 'http_message_signatures', 're2'}"
    code = f"import sys, {components}updater.supervisor.supervisor; print(*{heavy} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == ""
