"""Loss, delay and missing abilities, as `dca-simulator serve` is told to show them."""

import socket
import time

from tests.conftest import RunningSimulator, StartSimulator
from tests.simulator import net_snmp
from tests.simulator.test_agent import GET_SYS_UP_TIME, exchange


def answered(simulator: RunningSimulator, requests: int) -> list[int]:
    """Return the request-ids (below 128) of the answers that came to `requests` requests, each with an id of its own."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        for number in range(requests):
            client.sendto(GET_SYS_UP_TIME.replace(b"\x02\x01\x2a", bytes((2, 1, number))), (simulator.addresses[0], simulator.port))
        client.settimeout(1.0)
        try:
            while True:
                reply = client.recv(2000)
                found.append(reply[reply.index(b"\xa2") + 4])
        except TimeoutError:
            return found


def test_loss_hits_both_ways_and_the_same_again_with_the_same_seed(start_simulator: StartSimulator) -> None:
    first = answered(start_simulator("--loss", "0.3", "--seed", "5"), 120)
    assert 0.3 < len(first) / 120 < 0.7  # 0.7 * 0.7 come through
    assert answered(start_simulator("--loss", "0.3", "--seed", "5"), 120) == first
    assert answered(start_simulator("--loss", "0.3", "--seed", "6"), 120) != first


def test_without_faults_every_request_is_answered(simulator: RunningSimulator) -> None:
    assert answered(simulator, 120) == list(range(120))


def test_total_loss_is_silence(start_simulator: StartSimulator) -> None:
    assert answered(start_simulator("--loss", "1"), 20) == []


def test_answers_come_late_but_not_one_after_the_other(start_simulator: StartSimulator) -> None:
    simulator = start_simulator("--delay", "300")
    begin = time.monotonic()
    assert exchange(simulator, simulator.addresses[0], GET_SYS_UP_TIME) is not None
    assert time.monotonic() - begin >= 0.3
    begin = time.monotonic()
    assert len(answered(simulator, 20)) == 20
    assert time.monotonic() - begin < 0.3 + 1.0 + 2.0  # the delay once, the wait for more answers, and a busy machine


def test_getbulk_can_be_left_unanswered(start_simulator: StartSimulator) -> None:
    simulator = start_simulator("--no-getbulk")
    refused = net_snmp.ask("snmpbulkget", simulator.addresses[0], simulator.port, "-t", "0.3", "1.3.6.1.2.1.1")
    assert "Timeout" in refused.stderr
    assert net_snmp.get(simulator.addresses[0], simulator.port, "1.3.6.1.2.1.1.5.0")


def test_one_printer_of_the_demo_leaves_getbulk_unanswered(simulator: RunningSimulator) -> None:
    for name, printer in zip(simulator.names, simulator.printers, strict=True):
        if "2c" in printer["snmp"]["versions"]:
            answer = net_snmp.ask("snmpbulkget", printer["address"], simulator.port, "-t", "0.5", "1.3.6.1.2.1.1")
            assert (answer.returncode == 0) == ("bizhub" not in name)
