"""What may be asked for, and what is."""

import pytest

from appliance.reading.definitions.definitions import builtin_definitions
from appliance.reading.device import first_questions, follow_up
from appliance.reading.sources import objects as mib
from appliance.reading.sources.objects import MibObject
from appliance.snmp.values import Oid, parse_oid
from tests.appliance.reading.printer import ADDRESS, Content, objects

Cells = dict[tuple[MibObject, str], Content]

FORBIDDEN = {
    "sysContact, a person": "1.3.6.1.2.1.1.4.0",
    "prtGeneralCurrentOperator, a person": "1.3.6.1.2.1.43.5.1.1.4.1",
    "prtGeneralServicePerson, a person": "1.3.6.1.2.1.43.5.1.1.5.1",
    "prtChannelTable, where jobs come in": "1.3.6.1.2.1.43.14.1.1.2.1.1",
    "jmJobTable of the Job Monitoring MIB": "1.3.6.1.4.1.2699.1.1.1.3.1.1.2.1.1",
    "jmAttributeTable, owners and names of jobs": "1.3.6.1.4.1.2699.1.1.1.4.1.1.5.1.1.1.1",
    "hrSWRunTable, what runs": "1.3.6.1.2.1.25.4.2.1.2.1",
    "tcpConnTable, who is connected": "1.3.6.1.2.1.6.13.1.1",
    "ipNetToMediaTable, the neighbours": "1.3.6.1.2.1.4.22.1.2.1",
    "private objects no definition names": "1.3.6.1.4.1.9.2.1.1.0",
    "remote mode of Epson, EEPROM commands": "1.3.6.1.4.1.1248.1.2.2.44.1.1.2.1",
    "the communities of Epson": "1.3.6.1.4.1.1248.1.1.3.1.2.1.0",
    "the password of HP print servers": "1.3.6.1.4.1.11.2.3.9.1.1.13.0",
    "the jobs of HP": "1.3.6.1.4.1.11.2.3.9.4.2.1.1.6.5.1.0",
    "the jobs of Xerox": "1.3.6.1.4.1.253.8.59.7.1.1.1",
    "the job log of Zebra print servers": "1.3.6.1.4.1.683.6.2.6.2.1.1.1.1",
    "the whole of a vendor": "1.3.6.1.4.1.1347",
    "the whole of mib-2": "1.3.6.1.2.1",
}


@pytest.mark.parametrize("oid", FORBIDDEN.values(), ids=FORBIDDEN.keys())
def test_nothing_of_jobs_users_and_neighbours_may_be_asked(oid: str) -> None:
    assert not builtin_definitions().allows(parse_oid(oid))


def test_no_allowed_subtree_holds_a_forbidden_object() -> None:
    forbidden = [parse_oid(oid) for oid in FORBIDDEN.values()]
    assert [each for each in builtin_definitions().allowed if any(oid[: len(each)] == each for oid in forbidden)] == []


@pytest.mark.parametrize("address", ["192.0.2.10", "2001:db8::10", "fe80::1%eth0"])
def test_all_a_first_read_asks_is_allowed(address: str) -> None:
    questions = first_questions(address)
    assert [oid for oid in (*questions.scalars, *questions.columns) if not builtin_definitions().allows(oid)] == []
    assert len(questions.scalars) + len(questions.columns) > 30


def test_all_a_probe_asks_is_allowed() -> None:
    assert all(builtin_definitions().allows(oid) for oid in mib.PROBE)


def test_all_a_follow_up_asks_is_allowed() -> None:
    two_interfaces = objects(
        {
            (mib.IF_PHYS_ADDRESS, "1"): bytes.fromhex("001122334455"),
            (mib.IF_PHYS_ADDRESS, "2"): bytes.fromhex("001122334456"),
            (mib.PRT_INPUT_CURRENT_LEVEL, "3.1"): 1,
            (mib.ENT_PHYSICAL_FIRMWARE_REV, "1"): "",
        }
    )
    for found in ({}, two_interfaces):
        questions = follow_up(found, ADDRESS)
        assert [oid for oid in (*questions.scalars, *questions.columns) if not builtin_definitions().allows(oid)] == []


@pytest.mark.parametrize(
    ("address", "oid"),
    [
        ("192.0.2.10", "1.3.6.1.2.1.4.20.1.2.192.0.2.10"),
        ("::1", "1.3.6.1.2.1.4.34.1.3.2.16.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1"),
    ],
)
def test_the_owning_interface_is_asked_by_address(address: str, oid: str) -> None:
    assert mib.interface_of(address) == parse_oid(oid)


def test_a_host_name_has_no_interface_to_ask_for() -> None:
    assert mib.interface_of("printer.example") is None


def test_a_source_names_object_and_instance() -> None:
    index: Oid = (1, 2)
    assert mib.PRT_MARKER_LIFE_COUNT.source(index) == "prtMarkerLifeCount.1.2"


# The IEEE 1284 device ID, which is long and tells nothing more of a device whose texts tell it all

FORMAL: Cells = {
    (mib.SYS_DESCR, "0"): "RICOH IM C3000 1.06 / RICOH Network Printer C model / RICOH Network Scanner C model",
    (mib.SYS_OBJECT_ID, "0"): (1, 3, 6, 1, 4, 1, 367, 1, 1),
    (mib.HR_DEVICE_DESCR, "1"): "RICOH IM C3000",
    (mib.PRT_GENERAL_SERIAL_NUMBER, "1"): "3089RA10452",
}
TWICE: Cells = FORMAL | {(mib.SYS_DESCR, "0"): "SHARP MX-3570N", (mib.HR_DEVICE_DESCR, "1"): "SHARP MX-3570N"}
OPEN: dict[str, Cells] = {
    "nothing is known": {},
    "no serial number": {(mib.PRT_GENERAL_SERIAL_NUMBER, "1"): "XXXXXXXXXX"},
    "a serial number that may have been filled": {(mib.PRT_GENERAL_SERIAL_NUMBER, "1"): "003089RA10452"},
    "no description": {(mib.HR_DEVICE_DESCR, "1"): ""},
    "a description without a model": {(mib.HR_DEVICE_DESCR, "1"): "RICOH Network Printer"},
    "a text of a form nobody knows, with a version": {(mib.SYS_DESCR, "0"): "RICOH IM C3000 1.06"},
    "what kind of device it is behind the model": {
        (mib.SYS_DESCR, "0"): "Xerox VersaLink C405 MFP; Net 68.50.21",
        (mib.SYS_OBJECT_ID, "0"): (1, 3, 6, 1, 4, 1, 253, 8, 62, 1),
        (mib.HR_DEVICE_DESCR, "1"): "Xerox VersaLink C405 MFP",
    },
    "no maker": {(mib.SYS_DESCR, "0"): "IM C3000 1.06 / Network Printer C model", (mib.HR_DEVICE_DESCR, "1"): "IM C3000"},
}


@pytest.mark.parametrize("probed", [FORMAL, TWICE], ids=["in the form of a definition", "by two texts"])
def test_a_device_whose_texts_tell_all_is_not_asked_for_its_1284_id(probed: Cells) -> None:
    found = objects(probed)
    assert mib.DEVICE_ID not in first_questions(ADDRESS, found).scalars
    assert mib.DEVICE_ID not in follow_up(found, ADDRESS).scalars


@pytest.mark.parametrize("what", OPEN)
def test_any_other_is(what: str) -> None:
    found = objects(FORMAL | OPEN[what]) if OPEN[what] else {}
    assert mib.DEVICE_ID in first_questions(ADDRESS, found).scalars
    assert mib.DEVICE_ID in follow_up(found, ADDRESS).scalars
