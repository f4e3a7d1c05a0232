"""What an agent answers, to net-snmp over a real socket and, where the exact octets are the point, to a message made by hand."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.agent import Agent
from simulator.ber import Tag, Value, parse_oid
from tests.conftest import RunningSimulator, StartSimulator
from tests.simulator import net_snmp

SYS_DESCR, SYS_NAME, NOWHERE = "1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.5.0", "1.3.6.1.2.1.1.9.0"
SUPPLY_LEVEL = "1.3.6.1.2.1.43.11.1.1.9.1"

GET_SYS_UP_TIME = bytes.fromhex("302602010104067075626c6963a01902012a020100020100300e300c06082b060102010103000500")
"""A v2c GET of sysUpTime.0 with request-id 42, written octet by octet after RFC 3416."""


def exchange(simulator: RunningSimulator, address: str, datagram: bytes, seconds: float = 2.0) -> bytes | None:
    """Return the reply to `datagram`, None when there is none in time."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(seconds)
        client.sendto(datagram, (address, simulator.port))
        try:
            reply, peer = client.recvfrom(65535)
        except TimeoutError:
            return None
    assert peer == (address, simulator.port)
    return reply


def test_a_reply_leaves_from_the_address_that_was_asked(simulator: RunningSimulator) -> None:
    for address in simulator.addresses:
        if "1" in simulator.printers[simulator.addresses.index(address)]["snmp"]["versions"]:
            assert exchange(simulator, address, GET_SYS_UP_TIME.replace(b"\x02\x01\x01\x04", b"\x02\x01\x00\x04")) is not None


def test_an_address_without_a_printer_is_silent(simulator: RunningSimulator) -> None:
    assert exchange(simulator, "127.0.42.14", GET_SYS_UP_TIME, 0.3) is None


def test_a_wrong_community_is_met_with_silence(simulator: RunningSimulator) -> None:
    assert exchange(simulator, simulator.addresses[0], GET_SYS_UP_TIME) is not None
    assert exchange(simulator, simulator.addresses[0], GET_SYS_UP_TIME.replace(b"public", b"secret"), 0.3) is None


def test_another_community_can_be_chosen(start_simulator: StartSimulator) -> None:
    simulator = start_simulator("--community", "secret")
    assert exchange(simulator, simulator.addresses[0], GET_SYS_UP_TIME, 0.3) is None
    assert exchange(simulator, simulator.addresses[0], GET_SYS_UP_TIME.replace(b"public", b"secret")) is not None


def test_the_reply_repeats_the_request_id_and_is_a_response(simulator: RunningSimulator) -> None:
    reply = exchange(simulator, simulator.addresses[0], GET_SYS_UP_TIME)
    assert reply is not None
    assert reply[2:13] == b"\x02\x01\x01\x04\x06public"
    assert reply[13] == Tag.RESPONSE
    assert b"\x02\x01\x2a\x02\x01\x00\x02\x01\x00" in reply


def test_v2c_tells_a_missing_object_from_a_missing_instance(simulator: RunningSimulator) -> None:
    answer = net_snmp.get(simulator.addresses[0], simulator.port, NOWHERE, f"{SUPPLY_LEVEL}.99", SYS_NAME)
    assert "No Such Object" in answer[0].value
    assert "No Such Instance" in answer[1].value
    assert answer[2].text == simulator.printers[0]["device"]["hostname"]


def test_v1_names_the_first_object_that_does_not_exist(simulator: RunningSimulator) -> None:
    refused = net_snmp.ask("snmpget", simulator.addresses[0], simulator.port, "-Cf", SYS_DESCR, NOWHERE, SYS_NAME, version="1")
    assert refused.returncode != 0
    assert "noSuchName" in refused.stderr
    assert f".{NOWHERE}" in refused.stderr


def test_getnext_behind_the_last_object_ends_the_view(simulator: RunningSimulator) -> None:
    beyond = "1.3.6.1.7"
    new = net_snmp.ask("snmpgetnext", simulator.addresses[0], simulator.port, beyond)
    assert "No more variables left" in new.stdout
    old = net_snmp.ask("snmpgetnext", simulator.addresses[0], simulator.port, "-Cf", beyond, version="1")
    assert "noSuchName" in old.stderr


def test_getnext_of_an_oid_between_objects_finds_the_next(simulator: RunningSimulator) -> None:
    # 300 and 20000 take two and three octets: their encodings do not sort as numbers do.
    for oid in ("1.3.6.1.2.1.1.1", "1.3.6.1.2.1.1.0.20000", "1.3.6.1.2.1.1.0.300.5"):
        answer = net_snmp.objects(net_snmp.ask("snmpgetnext", simulator.addresses[0], simulator.port, oid))
        assert answer[0].oid == SYS_DESCR


def test_getbulk_answers_non_repeaters_once_and_rows_in_turn(simulator: RunningSimulator) -> None:
    columns = ("1.3.6.1.2.1.43.11.1.1.8.1", SUPPLY_LEVEL)
    answer = net_snmp.objects(
        net_snmp.ask("snmpbulkget", simulator.addresses[0], simulator.port, "-Cn1", "-Cr3", "1.3.6.1.2.1.1.1", *columns)
    )
    rows = [f"{column}.{row}" for row in (1, 2, 3) for column in columns]
    assert [one.oid for one in answer] == [SYS_DESCR, *rows]


@pytest.mark.parametrize("version", ["1", "2c"])
def test_nothing_can_be_set(simulator: RunningSimulator, version: str) -> None:
    location = "1.3.6.1.2.1.1.6.0"
    refused = net_snmp.ask("snmpset", simulator.addresses[0], simulator.port, location, "s", "elsewhere", version=version)
    assert refused.returncode != 0
    assert "noSuchName" in refused.stderr or "noAccess" in refused.stderr
    assert net_snmp.get(simulator.addresses[0], simulator.port, location)[0].text == "Reception"


def test_a_v1_only_printer_leaves_v2c_unanswered(simulator: RunningSimulator) -> None:
    address = simulator.address("4050")
    assert net_snmp.ask("snmpget", address, simulator.port, "-t", "0.3", SYS_DESCR).returncode != 0
    assert net_snmp.get(address, simulator.port, SYS_DESCR, version="1")[0].text.startswith("HP ETHERNET")


def test_an_answer_that_is_too_large_says_so(start_simulator: StartSimulator) -> None:
    simulator = start_simulator("--max-reply", "484")
    address = simulator.addresses[0]
    one = [f"1.3.6.1.2.1.43.11.1.1.6.1.{row}" for row in range(1, 5)]
    wanted = [*one, *one, *one]
    for version in ("1", "2c"):
        refused = net_snmp.ask("snmpget", address, simulator.port, "-Cf", *wanted, version=version)
        assert "tooBig" in refused.stderr
    assert len(net_snmp.get(address, simulator.port, *one)) == len(one)


def test_a_bulk_answer_is_cut_off_at_the_largest_size(start_simulator: StartSimulator) -> None:
    simulator = start_simulator("--max-reply", "700")
    request = bytes.fromhex("302202010104067075626c6963a51502012a0201000201643 00a300806042b0601020500".replace(" ", ""))
    reply = exchange(simulator, simulator.addresses[0], request)
    assert reply is not None
    assert 500 < len(reply) <= 700


def test_a_v1_walk_passes_over_counter64(simulator: RunningSimulator) -> None:
    high_capacity = "1.3.6.1.2.1.31.1.1.1.6"
    new = net_snmp.objects(net_snmp.ask("snmpwalk", simulator.addresses[0], simulator.port, high_capacity))
    assert {one.type for one in new} == {"Counter64"}
    old = net_snmp.objects(net_snmp.ask("snmpwalk", simulator.addresses[0], simulator.port, high_capacity, version="1"))
    assert old == []


@given(st.binary(max_size=200) | st.integers(0, len(GET_SYS_UP_TIME)).map(lambda size: GET_SYS_UP_TIME[:size]))
def test_bytes_that_are_no_request_get_no_answer(datagram: bytes) -> None:
    agent = Agent({parse_oid("1.3.6.1.2.1.1.3.0"): Value(Tag.TIME_TICKS, 1)})
    assert (agent.answer(datagram, 0.0) is not None) == (datagram == GET_SYS_UP_TIME)


@given(st.integers(0, len(GET_SYS_UP_TIME) - 1), st.integers(0, 255))
def test_a_request_with_one_octet_changed_never_raises(position: int, octet: int) -> None:
    agent = Agent({parse_oid("1.3.6.1.2.1.1.3.0"): Value(Tag.TIME_TICKS, 1)})
    changed = bytearray(GET_SYS_UP_TIME)
    changed[position] = octet
    agent.answer(bytes(changed), 0.0)
