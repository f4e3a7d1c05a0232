"""SNMPv3 against agents made without pysnmp: the protocols net-snmp does not offer, and what is spared without SNMPv3."""

import asyncio
import sys
from dataclasses import replace

import pytest

from appliance.common.errors import CredentialError
from appliance.snmp.client import Agent, SnmpClient, SnmpOptions
from appliance.snmp.templates import Kind, Query
from appliance.snmp.v3.user_reply import UnreadableError
from appliance.snmp.v3.user_security import UserSecurity
from appliance.snmp.v3.usm import PrivProtocol, User
from appliance.snmp.values import Objects, Oid, Tag, Value
from tests.appliance.snmp.v3_agents import DESCRIPTION, RESPONSE, SYS_DESCR, USER, integer, tlv, v3_agents
from tests.children import run_child
from tests.conftest import ROOT

NAME: Oid = (1, 3, 6, 1, 2, 1, 1, 1, 0)
ENGINE_ID = bytes.fromhex("80001f8804") + b"unheard of"
PATIENT = SnmpOptions(timeout=10, retries=0)


def get(user: User, agents: PrivProtocol, varbind: bytes = SYS_DESCR, behind: bytes = b"") -> Objects:
    async def main() -> Objects:
        async with v3_agents(["127.0.0.1"], agents, varbind, behind) as port, SnmpClient(PATIENT) as client:
            return await client.session(Agent("127.0.0.1", port, "3", user=user)).get([NAME])

    return asyncio.run(main())


@pytest.mark.parametrize("protocol", ["AES-128", "AES-192", "AES-256", "AES-192-C", "AES-256-C", "3DES"])
def test_keys_are_made_longer_as_the_agent_makes_them(protocol: PrivProtocol) -> None:
    # SHA-1 has 20 bytes: all but AES-128 need more.
    assert get(replace(USER, priv_protocol=protocol), protocol) == {NAME: Value(Tag.OCTET_STRING, DESCRIPTION)}


@pytest.mark.parametrize("behind", [b"\0", b"\r\n", b"\0\0\0\0"])
@pytest.mark.parametrize("protocol", ["AES-128", "3DES"])
def test_what_stands_behind_a_message_is_no_part_of_it(protocol: PrivProtocol, behind: bytes) -> None:
    found = get(replace(USER, priv_protocol=protocol), protocol, behind=behind)
    assert found == {NAME: Value(Tag.OCTET_STRING, DESCRIPTION)}


@pytest.mark.parametrize("name", ["802b06010201010100", "2b8006010201010100", "2b060102010180800100"])
def test_a_padded_object_identifier_is_the_one_the_agent_meant(name: str) -> None:
    varbind = tlv(0x30, tlv(0x06, bytes.fromhex(name)), tlv(0x04, b"padded"))
    assert get(USER, "AES-128", varbind) == {NAME: Value(Tag.OCTET_STRING, b"padded")}


@pytest.mark.parametrize("tag", [Tag.INTEGER, Tag.COUNTER32, Tag.GAUGE32])
def test_a_number_without_content_is_none(tag: Tag) -> None:
    varbind = tlv(0x30, tlv(0x06, bytes.fromhex("2b06010201010100")), tlv(tag))
    assert get(USER, "AES-128", varbind) == {}


@pytest.mark.parametrize("user", [None, USER])
@pytest.mark.parametrize("broken", [tlv(0x06, b"\x01\x00"), tlv(0x02, b"\x7f" * 5), b""], ids=["type", "range", "none"])
def test_a_message_from_an_unknown_agent_is_unreadable_whatever_its_pdu_holds(broken: bytes, user: User | None) -> None:
    pdu = tlv(RESPONSE, broken, integer(0), integer(0), tlv(0x30, SYS_DESCR))
    header = tlv(0x30, integer(7), integer(65507), tlv(0x04, b"\0"), integer(3))
    parameters = tlv(0x30, tlv(0x04, ENGINE_ID), integer(3), integer(9), tlv(0x04, b"reader"), tlv(0x04), tlv(0x04))
    message = tlv(0x30, integer(3), header, tlv(0x04, parameters), tlv(0x30, tlv(0x04, ENGINE_ID), tlv(0x04), pdu))
    security = UserSecurity()
    security.request(7, USER, b"\x80\0\0\0\x04another", Query("3", "", Kind.GET, ()))
    with pytest.raises(UnreadableError):
        security.read(message, user)


def test_an_engine_id_that_hides_the_place_of_the_digest_is_told() -> None:
    zeros = replace(USER, security_engine_id=bytes.fromhex("8000") + bytes(14))
    with pytest.raises(CredentialError, match="so many zeros that no digest can be put in"):
        get(zeros, "AES-128")


def test_pysnmps_engine_is_made_for_snmpv3_alone() -> None:
    """The engine and its MIBs cost memory on every site; they are loaded where a user is asked with, and nowhere else."""
    program = """
import asyncio, sys
from appliance.common.errors import NoAnswerError
from appliance.snmp.client import Agent, SnmpClient, SnmpOptions, User
async def ask(agent):
    async with SnmpClient(SnmpOptions(timeout=0.1, retries=0)) as client:
        try:
            await client.session(agent).get([(1, 3, 6, 1, 2, 1, 1, 1, 0)])
        except NoAnswerError:
            pass
asyncio.run(ask(Agent("127.0.0.1", 1)))
print("pysnmp.entity.engine" in sys.modules)
asyncio.run(ask(Agent("127.0.0.1", 1, "3", user=User("reader"))))
print("pysnmp.entity.engine" in sys.modules)
"""
    finished = run_child([sys.executable, "-c", program], folder=ROOT)
    assert finished.stdout.split() == ["False", "True"], finished.stderr
