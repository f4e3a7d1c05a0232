"""The image in a real engine, locked down as far as an engine can: what a site relies on when it deploys it."""

import json
import time
from pathlib import Path
from typing import Any

import docker
from docker.models.containers import Container

from benchmarks.footprint import CEILING_MB, MEBIBYTE, use_of
from tests.children import wait_until
from tests.engine.conftest import ROOT, RunAppliance
from tests.requirement import missing


def health_within(container: Container, seconds: float) -> dict[str, Any]:
    """Return the engine's health state once it is no longer `starting`, or after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        container.reload()
        health: dict[str, Any] = container.attrs["State"]["Health"]
        if health["Status"] != "starting" or container.status != "running" or time.monotonic() > deadline:
            return health
        time.sleep(0.5)


def output_of(container: Container, *command: str) -> str:
    """Return what a command in the container printed on standard output; it has to succeed."""
    result = container.exec_run(list(command), stderr=False)
    assert result.exit_code == 0, (command, result.output)
    assert isinstance(result.output, bytes)
    return result.output.decode()


def processes_of(container: Container) -> list[tuple[int, str]]:
    """Return pid and command line of each process in the container."""
    listed = container.top(ps_args="-eo pid,args")["Processes"]
    return [(int(process[0]), process[1]) for process in listed]


def test_is_healthy_within_30_seconds_locked_down_and_as_non_root(run_appliance: RunAppliance) -> None:
    container = run_appliance()

    health = health_within(container, 30)

    assert health["Status"] == "healthy", (health, container.logs().decode()[-3000:])
    processes = container.top(ps_args="-eo pid,uid,args")["Processes"]
    assert {process[1] for process in processes} == {"10001"}
    assert {"dca collector", "dca webui"} <= {process[-1].strip() for process in processes}


def test_takes_at_most_90_mb_when_idle(run_appliance: RunAppliance) -> None:
    container = run_appliance()
    assert health_within(container, 30)["Status"] == "healthy"

    used: list[int] = []

    def settled() -> bool:
        """Whether what the start needed is given back, and no child looks at the engine, tidies up or checks the health."""
        found = processes_of(container)
        children = [words for _, words in found if not words.rstrip().endswith(("-m updater", "-m updater run"))]
        if any(" -m updater " in words or "dca health" in words for words in children):
            return False
        try:
            used[:] = [use_of(pid).pss for pid, _ in found]
        except (FileNotFoundError, ProcessLookupError) as error:  # one of them has just ended, or this is not its machine
            if not Path(f"/proc/{container.attrs['State']['Pid']}").exists():
                missing(f"the container runs on another machine: {error}")
            return False
        except PermissionError as error:
            missing(f"the memory of the container cannot be read: {error}")
        return len(used) > 3

    wait_until("the appliance is idle", settled, 180)
    assert 10 < sum(used) / MEBIBYTE <= CEILING_MB


def test_web_ui_answers_inside_the_locked_down_container(run_appliance: RunAppliance) -> None:
    container = run_appliance()
    assert health_within(container, 30)["Status"] == "healthy"

    for page in ("healthz", "setup"):
        ask = f"import urllib.request as r; print(r.urlopen('http://127.0.0.1:8080/{page}', timeout=5).status)"
        assert output_of(container, "python3", "-c", ask).strip() == "200"


def test_stops_with_0_within_8_seconds_of_sigterm(run_appliance: RunAppliance) -> None:
    container = run_appliance()
    assert health_within(container, 30)["Status"] == "healthy"

    started = time.monotonic()
    container.kill("TERM")
    ended = container.wait(timeout=30)

    assert time.monotonic() - started < 8
    assert ended["StatusCode"] == 0, container.logs().decode()[-3000:]


def test_a_second_appliance_on_the_same_volume_is_refused(run_appliance: RunAppliance) -> None:
    first = run_appliance()
    assert health_within(first, 30)["Status"] == "healthy"
    volume = first.attrs["Mounts"][0]["Name"]

    second = run_appliance(volumes={volume: {"bind": "/data", "mode": "rw"}})

    assert second.wait(timeout=30)["StatusCode"] == 1
    assert "in use by another appliance" in second.logs().decode()


def test_settings_and_accounts_survive_a_new_container_on_the_same_volume(run_appliance: RunAppliance) -> None:
    first = run_appliance()
    assert health_within(first, 30)["Status"] == "healthy"
    output_of(first, "dca", "settings", "set", "site.name=Warehouse")
    volume = first.attrs["Mounts"][0]["Name"]
    first.kill("TERM")
    first.wait(timeout=30)

    second = run_appliance(volumes={volume: {"bind": "/data", "mode": "rw"}})
    assert health_within(second, 30)["Status"] == "healthy"

    settings = json.loads(output_of(second, "dca", "settings", "show", "--json"))
    assert "Warehouse" in json.dumps(settings)


def test_labels_tell_version_licence_and_base(engine: docker.DockerClient, appliance_image: str) -> None:
    labels = engine.images.get(appliance_image).labels

    assert labels["org.opencontainers.image.version"] == (ROOT / "VERSION").read_text().strip()
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert labels["org.opencontainers.image.base.name"] == "debian:trixie-slim"


def test_image_carries_only_the_rooms_of_a_site(run_appliance: RunAppliance) -> None:
    rooms = "'appliance', 'updater', 'web', 'webui', 'hosting', 'simulator', 'pip'"
    ask = f"from importlib.util import find_spec; print([name for name in ({rooms}) if find_spec(name)])"
    container = run_appliance(entrypoint=["python3", "-c", ask])

    container.wait(timeout=60)

    assert container.logs().decode().strip() == "['appliance', 'updater', 'web', 'webui']"
