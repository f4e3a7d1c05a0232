"""`dca scan` and `dca read` against simulated printers."""

import json
import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from tests.appliance.collector import DCA, Site
from tests.children import wait_until
from tests.conftest import RunningSimulator, StartSimulator

QUICK = {"DCA_SNMP_TIMEOUT_SECONDS": "0.5", "DCA_PACKETS_PER_SECOND": "1000"}


@pytest.fixture
def here(site: Site) -> Site:
    """Return the machine of somebody without an appliance, who is in a hurry."""
    site.variables |= QUICK
    return site


def test_scan_prints_a_table_of_the_printers(here: Site, fleet: RunningSimulator) -> None:
    finished = here.installed("scan", fleet.span, "--snmp-port", str(fleet.port), more={"PYTHONUTF8": "1"})
    assert (finished.returncode, finished.stderr) == (0, "")
    heading, _, *lines = finished.stdout.splitlines()
    assert heading.split() == ["ADDRESS", "MODEL", "SERIAL", "STATUS", "TOTAL", "TONER"]
    assert [line.split()[0] for line in lines] == list(fleet.addresses)
    first = fleet.printers[0]
    for value in (first["device"]["serial"], str(first["meters"]["total"]["value"]), "Ready"):
        assert value in lines[0]
    assert " %" in lines[0]
    assert not here.data.exists(), "nothing is stored"


def test_scan_as_json_tells_readings_scan_and_statistics(here: Site, fleet: RunningSimulator) -> None:
    finished = here.dca("scan", fleet.span, "--snmp-port", str(fleet.port), "--json", "--stats")
    assert (finished.returncode, finished.stderr) == (0, "")
    answer = json.loads(finished.stdout)
    serials = [reading["device"]["serial"] for reading in answer["readings"]]
    assert serials == [printer["device"]["serial"] for printer in fleet.printers]
    assert answer["failures"] == []
    assert answer["scan"]["addresses"] == 4
    assert set(answer["stats"]) == {
        *("packets_sent", "packets_received", "bytes_sent", "bytes_received"),
        *("traffic", "seconds", "cpu_seconds"),
    }
    assert answer["scan"]["traffic"] == answer["stats"]["traffic"]
    for count in ("packets_sent", "packets_received", "bytes_sent", "bytes_received"):
        assert sum(counts[count] for counts in answer["stats"]["traffic"].values()) == answer["stats"][count] > 0
    assert 0 < answer["stats"]["cpu_seconds"] < 10


def test_the_statistics_are_those_of_the_wire(here: Site, fleet: RunningSimulator) -> None:
    finished = here.dca("read", *fleet.addresses, "--snmp-port", str(fleet.port), "--no-http", "--json", "--stats")
    stats = json.loads(finished.stdout)["stats"]
    told = fleet.stop().values()
    # 28 bytes of IP and UDP headers around each packet.
    assert stats["bytes_received"] == sum(agent["bytes_out"] for agent in told) + 28 * stats["packets_received"]
    assert stats["bytes_sent"] == sum(agent["bytes_in"] for agent in told) + 28 * stats["packets_sent"]
    assert stats["packets_sent"] >= stats["packets_received"] > 0


def test_read_prints_a_sheet_and_tells_hosts_that_fail_apart(here: Site, fleet: RunningSimulator) -> None:
    finished = here.dca(
        "read", fleet.addresses[0], "127.0.43.77", "no-such-host.invalid", "--snmp-port", str(fleet.port), "--stats"
    )
    assert finished.returncode == 1
    printer = fleet.printers[0]["device"]
    for value in (printer["serial"], printer["mac"], printer["location"], printer["firmware"]):
        assert value in finished.stdout
    errors = finished.stderr.splitlines()
    assert any("127.0.43.77" in line and "SNMP" in line for line in errors)
    assert any("no-such-host.invalid cannot be resolved" in line for line in errors)
    assert any("packets" in line and "CPU s" in line for line in errors)
    assert "Traceback" not in finished.stderr


def test_read_as_json_keeps_the_contract(here: Site, fleet: RunningSimulator) -> None:
    finished = here.dca("read", *fleet.addresses, "--snmp-port", str(fleet.port), "--json")
    assert (finished.returncode, finished.stderr) == (0, "")
    answer = json.loads(finished.stdout)
    assert set(answer) == {"readings", "failures"}
    for reading, printer in zip(answer["readings"], fleet.printers, strict=True):
        assert reading["schema"] == 1
        assert reading["device"]["serial"] == printer["device"]["serial"]
        assert reading["meters"]["total"]["value"] == printer["meters"]["total"]["value"]


@pytest.mark.parametrize("way", ["--community", "--community-file", "environment"])
def test_a_community_can_be_given_in_three_ways(here: Site, start_simulator: StartSimulator, tmp_path: Path, way: str) -> None:
    fleet = start_simulator("--fleet", "1", "--community", "room-7")
    (tmp_path / "community").write_text("wrong\nroom-7\n")
    words: dict[str, list[str | Path]] = {
        "--community": ["--community", "room-7"],
        "--community-file": ["--community-file", tmp_path / "community"],
        "environment": [],
    }
    more = {"DCA_SNMP_COMMUNITY": "room-7"} if way == "environment" else {}
    finished = here.dca("read", fleet.addresses[0], "--snmp-port", str(fleet.port), "--json", *words[way], more=more)
    assert finished.returncode == 0, finished.stderr
    assert "room-7" not in finished.stdout


def test_the_settings_of_the_appliance_are_used_where_there_are_any(here: Site, fleet: RunningSimulator) -> None:
    here.set(f"snmp.port={fleet.port}", f"scan.exclude={fleet.addresses[1]}", "guardrails.networks=127.0.42.0/24")
    assert here.dca("read", fleet.addresses[0], "--json").returncode == 0
    excluded = here.dca("read", fleet.addresses[1])
    assert excluded.returncode == 1
    assert "never contacted" in excluded.stderr
    outside = here.dca("scan", "127.0.99.0/30")
    assert outside.returncode == 1
    assert "outside the networks that may be scanned" in outside.stderr
    assert fleet.addresses[1] not in [address for address, agent in fleet.stop().items() if agent["asked"]]


def test_a_community_that_fits_nothing_is_told_in_one_sentence(here: Site, fleet: RunningSimulator) -> None:
    finished = here.dca("scan", fleet.addresses[0], "--snmp-port", str(fleet.port), "--community", "wrong")
    assert finished.returncode == 1
    assert finished.stdout == ""
    [line] = finished.stderr.splitlines()
    assert "--community" in line
    assert "wrong" not in line
    read = here.dca("read", fleet.addresses[0], "--snmp-port", str(fleet.port), "--community", "wrong")
    assert read.returncode == 1
    assert len(read.stderr.splitlines()) == 1
    assert "credentials fit" in read.stderr or "answers ping, but not SNMP with the given credentials" in read.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["scan", "10.0.0.0/99"], "'10.0.0.0/99' is no range of addresses. Write a network (10.0.0.0/24)"),
        (["scan", "10.0.0.9-10.0.0.1"], "the last address must follow the first"),
        (["scan", "127.0.0.1", "--snmp-port", "9100"], "port of printing"),
        (["scan", "127.0.0.1", "--rate", "0"], "--rate 0 cannot be used"),
        (["read", "127.0.0.0/24"], "more than one device. Use `dca scan`"),
        (["read", "127.0.0.1", "--community", ""], "community cannot be empty"),
        (["read", "127.0.0.1", "--community-file", "/no/such/file"], "--community-file /no/such/file cannot be read"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_sentence(here: Site, words: list[str], sentence: str) -> None:
    finished = here.dca(*words)
    assert finished.returncode == 1
    assert finished.stdout == ""
    assert len(finished.stderr.splitlines()) == 1
    assert sentence in finished.stderr


def test_wrong_use_ends_with_2(here: Site) -> None:
    assert here.dca("scan").returncode == 2
    assert here.dca("nonsense").returncode == 2
    assert here.dca("--help").returncode == 0


def test_help_says_that_communities_are_visible_in_process_lists(here: Site) -> None:
    finished = here.dca("read", "--help")
    assert "list of processes" in " ".join(finished.stdout.split())
    assert "DCA_SNMP_COMMUNITY" in finished.stdout


def test_ctrl_c_ends_quietly_with_130(here: Site) -> None:
    child = here.start_child([DCA, "scan", "127.0.44.0/22", "--rate", "10"], environment=here.environment)
    wait_until("it has opened its sockets", lambda: has_socket(child.pid))
    child.send(signal.SIGINT)
    finished = child.wait()
    assert (finished.returncode, finished.stdout, finished.stderr) == (130, "", "")


def has_socket(pid: int) -> bool:
    """Return whether the process has opened a socket (its standard streams are pipes)."""
    found = ""
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed in the meantime
            found += str(file.readlink())
    return "socket:" in found


def test_a_reader_that_closes_the_pipe_gets_no_trace(here: Site, fleet: RunningSimulator) -> None:
    with subprocess.Popen(
        [DCA, "read", fleet.addresses[0], "--snmp-port", str(fleet.port), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | here.environment,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141
