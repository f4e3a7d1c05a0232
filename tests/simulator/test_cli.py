"""The `dca-simulator` command: readiness, the end, and one clear sentence for what cannot be."""

import json
import signal
import socket
import time
from pathlib import Path

import pytest

from tests.children import run_child
from tests.conftest import FreePort, RunningSimulator, StartChild
from tests.simulator import net_snmp

SERVE = ["python", "-m", "simulator", "serve"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_and_cleanly(simulator: RunningSimulator, number: signal.Signals) -> None:
    begin = time.monotonic()
    simulator.child.send(number)
    finished = simulator.child.wait()
    assert finished.returncode == 0
    assert finished.stderr == ""
    assert time.monotonic() - begin < 3


def test_it_says_in_one_line_where_it_answers(simulator: RunningSimulator) -> None:
    line = simulator.child.wait_for("printers answer at")
    assert line == f"13 printers answer at 127.0.42.1 to 127.0.42.13, UDP port {simulator.port}"
    assert simulator.child.stdout.count("\n") == 1


def test_a_single_printer_takes_only_its_own_address(start_child: StartChild, tmp_path: Path, free_port: FreePort) -> None:
    port = free_port("udp", "127.0.43.7")
    child = start_child([*SERVE, "--fleet", "1", "--base", "127.0.43.7", "--port", str(port)])
    child.wait_for("1 printers answer at 127.0.43.7")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.43.8", port))  # would be in use if the simulator had taken every address
    assert net_snmp.get("127.0.43.7", port, "1.3.6.1.2.1.1.5.0")


def test_what_was_asked_is_written_at_the_end(simulator: RunningSimulator) -> None:
    address, oids = simulator.addresses[0], ["1.3.6.1.2.1.1.5.0", "1.3.6.1.2.1.1.6.0"]
    net_snmp.get(address, simulator.port, *oids)
    net_snmp.ask("snmpset", address, simulator.port, oids[1], "s", "elsewhere")
    told = simulator.stop()
    assert list(told) == [address]
    assert told[address]["requests"] == {"get": 1, "set": 1}
    assert told[address]["asked"] == oids
    assert told[address]["bytes_in"] > 0
    assert told[address]["bytes_out"] > 0


@pytest.mark.parametrize("base", ["10.1.2.3", "192.168.1.1", "8.8.8.8", "126.255.255.254", "127.255.255.250", "::1", "printer"])
def test_only_loopback_addresses_are_served(base: str) -> None:
    finished = run_child([*SERVE, "--port", "0", "--base", base])
    assert finished.returncode == 1
    assert finished.stderr.count("\n") == 1
    assert base in finished.stderr
    assert "127.0.42.1" in finished.stderr


def test_a_port_in_use_is_one_sentence(simulator: RunningSimulator) -> None:
    finished = run_child([*SERVE, "--port", str(simulator.port)])
    assert finished.returncode == 1
    assert finished.stderr == f"UDP port {simulator.port} cannot be used: Address already in use. Choose another with --port.\n"


@pytest.mark.parametrize(
    "words",
    [
        ["--fleet", "many"],
        ["--fleet", "0"],
        ["--recordings", "/nowhere.snmprec"],
        ["--ready-file", "/nowhere/ready.json"],
        ["--statistics-file", "/nowhere/statistics.json"],
        ["--loss", "2"],
        ["--port", "70000"],
        ["--max-reply", "10"],
        ["--delay", "-1"],
    ],
)
def test_wrong_words_are_refused_without_a_traceback(words: list[str]) -> None:
    finished = run_child([*SERVE, *([] if "--port" in words else ["--port", "0"]), *words])
    assert finished.returncode in (1, 2)
    assert words[1] in finished.stderr
    assert "Traceback" not in finished.stderr


def test_a_folder_without_recordings_is_named(tmp_path: Path) -> None:
    finished = run_child([*SERVE, "--port", "0", "--recordings", tmp_path])
    assert (finished.returncode, finished.stderr) == (1, f"The folder {tmp_path} holds no .snmprec files.\n")


def test_the_truth_is_json_for_every_printer() -> None:
    finished = run_child(["python", "-m", "simulator", "truth"])
    told = json.loads(finished.stdout)
    assert [printer["address"] for printer in told["printers"]] == [f"127.0.42.{number}" for number in range(1, 14)]
    assert {"device", "status", "alerts", "meters", "supplies", "trays"} <= set(told["printers"][0])
