"""SNMPv3 against net-snmp's agent: every protocol it offers, keys, contexts, wrong secrets, restarts."""

import asyncio
import hashlib
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import get_args

import pytest

from appliance.common.errors import CredentialError, NoAnswerError
from appliance.common.network.traffic import Traffic
from appliance.snmp.client import Agent, SnmpClient, SnmpOptions, User, UserSecurity
from appliance.snmp.v3.usm import AUTH_KEY_BYTES, PRIV_KEY_BYTES, AuthProtocol, PrivProtocol
from appliance.snmp.values import Objects, Oid, Tag, Value, parse_oid
from tests.appliance.snmp.snmpd import Snmpd
from tests.appliance.snmp.test_net_snmp import parsed

AUTH_PASS, PRIV_PASS = "correct horse battery", "staple of the printer"
SYS_DESCR: Oid = (1, 3, 6, 1, 2, 1, 1, 1, 0)
SYS_NAME: Oid = (1, 3, 6, 1, 2, 1, 1, 5, 0)
DESCRIPTION = Value(Tag.OCTET_STRING, b"a box for tests")
COLUMNS = [parse_oid(text) for text in ("1.3.6.1.2.1.1.9.1.2", "1.3.6.1.2.1.1.9.1.3")] + [
    parse_oid(f"1.3.6.1.2.1.2.2.1.{number}") for number in (2, 3, 6)
]
ENGINE_ID = bytes.fromhex("80001f8804") + b"dca test agent"

OFFERED_AUTH: tuple[AuthProtocol, ...] = ("MD5", "SHA", "SHA-224", "SHA-256", "SHA-384", "SHA-512")
OFFERED_PRIV: dict[PrivProtocol, str] = {"DES": "DES", "AES-128": "AES", "AES-192": "AES-192", "AES-256": "AES-256"}
"""The names of net-snmp; it has no 3DES, and no AES with the other lengthening of keys as a user's protocol."""
PAIRS = list(product(OFFERED_AUTH, OFFERED_PRIV))

PATIENT = SnmpOptions(timeout=10, retries=1, budget=60)
QUICK = SnmpOptions(timeout=0.5, retries=0, budget=10)


def name_of(auth: str, priv: str = "none") -> str:
    return f"{auth}-{priv}".lower()


def configuration(port: int) -> str:
    lines = [
        "rocommunity public 127.0.0.1",
        "sysDescr a box for tests",
        "sysName box",
        "master off",
        "engineID dca test agent",
        "createUser open",
        "rouser open noauth",
        f'createUser held SHA "{AUTH_PASS}" AES "{PRIV_PASS}"',
        f'createUser unseen SHA "{AUTH_PASS}" AES "{PRIV_PASS}"',
        # A context of its own, as some printers have it: this user sees objects there, and nothing without it.
        f"proxy -Cn Jetdirect -v2c -c public 127.0.0.1:{port} .1.3.6.1.2.1.1",
        f'createUser jetdirect SHA "{AUTH_PASS}" AES "{PRIV_PASS}"',
        "group jets usm jetdirect",
        "view everything included .1.3.6.1",
        "access jets Jetdirect usm priv exact everything none none",
        "rouser held priv",
        f'createUser key-md5 MD5 "{AUTH_PASS}" DES "{PRIV_PASS}"',
        "rouser key-md5 priv",
    ]
    for auth in OFFERED_AUTH:
        lines += [f'createUser {name_of(auth)} {auth} "{AUTH_PASS}"', f"rouser {name_of(auth)} auth"]
    for auth, priv in PAIRS:
        lines += [
            f'createUser {name_of(auth, priv)} {auth} "{AUTH_PASS}" {OFFERED_PRIV[priv]} "{PRIV_PASS}"',
            f"rouser {name_of(auth, priv)} priv",
        ]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def snmpd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snmpd]:
    agent = Snmpd(tmp_path_factory.mktemp("snmpd"), configuration)
    agent.start()
    yield agent
    agent.stop()


@pytest.fixture(scope="module")
def security() -> UserSecurity:
    """One engine for all tests of this file, as in the collector."""
    return UserSecurity()


def user_of(auth: AuthProtocol, priv: PrivProtocol = "none") -> User:
    private = {"priv_protocol": priv, "priv_passphrase": PRIV_PASS} if priv != "none" else {}
    return User(name_of(auth, priv), auth, AUTH_PASS, **private)  # type: ignore[arg-type]


HELD = User("held", "SHA", AUTH_PASS, priv_protocol="AES-128", priv_passphrase=PRIV_PASS)


def get(snmpd: Snmpd, user: User, security: UserSecurity, options: SnmpOptions = PATIENT) -> Objects:
    async def main() -> Objects:
        async with SnmpClient(options, security) as client:
            return await client.session(Agent("127.0.0.1", snmpd.port, "3", user=user)).get([SYS_DESCR])

    return asyncio.run(main())


@pytest.mark.parametrize(("auth", "priv"), PAIRS)
def test_every_pair_of_protocols_is_spoken(snmpd: Snmpd, security: UserSecurity, auth: AuthProtocol, priv: PrivProtocol) -> None:
    assert get(snmpd, user_of(auth, priv), security) == {SYS_DESCR: DESCRIPTION}


@pytest.mark.parametrize("auth", OFFERED_AUTH)
def test_authentication_alone_is_spoken(snmpd: Snmpd, security: UserSecurity, auth: AuthProtocol) -> None:
    assert get(snmpd, user_of(auth), security) == {SYS_DESCR: DESCRIPTION}


def test_a_user_without_protection_is_spoken_for(snmpd: Snmpd, security: UserSecurity) -> None:
    assert get(snmpd, User("open"), security) == {SYS_DESCR: DESCRIPTION}


def test_nothing_of_the_protocols_is_left_out() -> None:
    assert set(OFFERED_AUTH) | {"none"} == set(get_args(AuthProtocol)) == set(AUTH_KEY_BYTES) | {"none"}
    assert set(OFFERED_PRIV) | {"none", "3DES", "AES-192-C", "AES-256-C"} == set(get_args(PrivProtocol))
    assert set(PRIV_KEY_BYTES) | {"none"} == set(get_args(PrivProtocol))


def by_snmpbulkwalk(snmpd: Snmpd, user: User, priv: str) -> Objects:
    found: dict[Oid, Value] = {}
    for column in COLUMNS:
        words = ["snmpbulkwalk", "-v3", "-u", user.name, "-l", "authPriv", "-a", user.auth_protocol, "-A", AUTH_PASS, "-x", priv]
        words += ["-X", PRIV_PASS, "-On", "-Ox", "-Oe", "-OQ", "-Ot", "-m", "", f"127.0.0.1:{snmpd.port}"]
        output = subprocess.run([*words, ".".join(map(str, column))], capture_output=True, text=True, check=True, timeout=60).stdout
        for line in output.replace("\n.", "\0.").replace("\n", "").split("\0"):
            oid, _, content = line.partition(" = ")
            found[parse_oid(oid)] = parsed(content.strip())
    return found


@pytest.mark.parametrize(("auth", "priv"), [("SHA-256", "AES-128"), ("MD5", "DES"), ("SHA-512", "AES-256")])
def test_a_fetch_of_tables_agrees_with_snmpbulkwalk(
    snmpd: Snmpd, security: UserSecurity, auth: AuthProtocol, priv: PrivProtocol
) -> None:
    user = user_of(auth, priv)

    async def main() -> Objects:
        async with SnmpClient(PATIENT, security) as client:
            session = client.session(Agent("127.0.0.1", snmpd.port, "3", user=user))
            found = await session.fetch([SYS_DESCR], COLUMNS)
            assert session.partial is None
            return found

    expected = {SYS_DESCR: DESCRIPTION, **by_snmpbulkwalk(snmpd, user, OFFERED_PRIV[priv])}
    assert len(expected) > 10
    assert asyncio.run(main()) == expected


def localized(passphrase: str, algorithm: str, engine_id: bytes) -> bytes:
    """Return the key of RFC 3414 appendix A.2, made without pysnmp."""
    text = passphrase.encode()
    master = hashlib.new(algorithm, (text * (1048576 // len(text) + 1))[:1048576]).digest()
    return hashlib.new(algorithm, master + engine_id + master).digest()


@pytest.mark.parametrize(
    ("name", "auth", "algorithm", "priv"),
    [("key-md5", "MD5", "md5", "DES"), ("held", "SHA", "sha1", "AES-128"), ("sha-256-aes-256", "SHA-256", "sha256", "AES-256")],
)
def test_localized_keys_do_in_place_of_passphrases(
    snmpd: Snmpd, security: UserSecurity, name: str, auth: AuthProtocol, algorithm: str, priv: PrivProtocol
) -> None:
    auth_key, priv_key = (localized(text, algorithm, ENGINE_ID) for text in (AUTH_PASS, PRIV_PASS))
    user = User(name, auth, auth_localized_key=auth_key, priv_protocol=priv, priv_localized_key=priv_key)
    assert get(snmpd, user, security) == {SYS_DESCR: DESCRIPTION}
    passphrases = User(name, auth, AUTH_PASS, priv_protocol=priv, priv_passphrase=PRIV_PASS)
    assert get(snmpd, passphrases, security) == {SYS_DESCR: DESCRIPTION}, "the same user again, the other way"


def test_the_context_is_asked_for_by_its_name(snmpd: Snmpd, security: UserSecurity) -> None:
    user = replace(HELD, name="jetdirect", context_name="Jetdirect")
    assert get(snmpd, user, security) == {SYS_DESCR: DESCRIPTION}
    with pytest.raises(CredentialError, match=r"knows the SNMPv3 user jetdirect, but shows it nothing"):
        get(snmpd, replace(user, context_name=""), security)


def test_engine_ids_may_be_given(snmpd: Snmpd, security: UserSecurity) -> None:
    user = replace(HELD, security_engine_id=ENGINE_ID, context_engine_id=ENGINE_ID)
    assert get(snmpd, user, security) == {SYS_DESCR: DESCRIPTION}
    assert get(snmpd, user, UserSecurity()) == {SYS_DESCR: DESCRIPTION}, "also when nothing is known of its clock"


WRONG = {
    "user": (replace(HELD, name="nobody"), r"has no SNMPv3 user nobody\."),
    "authentication passphrase": (replace(HELD, auth_passphrase="wrong passphrase"), r"does not accept how .* held proves itself"),
    "authentication protocol": (replace(HELD, auth_protocol="SHA-256"), r"does not accept how .* held proves itself"),
    "privacy passphrase": (replace(HELD, priv_passphrase="wrong passphrase"), r"held, but cannot decrypt .* protocol \(AES-128\)"),
    "privacy protocol": (replace(HELD, priv_protocol="DES"), r"held, but cannot decrypt .* protocol \(DES\)"),
    "protection": (
        User("sha-none", "SHA", AUTH_PASS, priv_protocol="DES", priv_passphrase=PRIV_PASS),
        r"does not offer .* sha-none this prot",
    ),
    "rights": (replace(HELD, name="unseen"), r"knows the SNMPv3 user unseen, but shows it nothing"),
    "engine ID": (replace(HELD, security_engine_id=b"another"), r"does not go by its SNMPv3 engine ID"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_told(snmpd: Snmpd, security: UserSecurity, what: str) -> None:
    user, sentence = WRONG[what]
    with pytest.raises(CredentialError, match=sentence) as caught:
        get(snmpd, user, security, QUICK)
    assert f"127.0.0.1 answers SNMP on UDP port {snmpd.port}, but " in str(caught.value)
    assert AUTH_PASS not in str(caught.value)
    assert PRIV_PASS not in str(caught.value)


def test_every_wrong_thing_has_its_own_sentence() -> None:
    told = [sentence for _, sentence in WRONG.values()]
    assert len(set(told)) == len(told) - 1, "only passphrase and protocol of authentication cannot be told apart"


def test_a_silent_address_is_told_from_a_refusal(security: UserSecurity) -> None:
    async def main() -> None:
        # A bound socket that never answers.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            async with SnmpClient(QUICK, security) as client:
                await client.session(Agent("127.0.0.1", silent.getsockname()[1], "3", user=HELD)).get([SYS_DESCR])

    with pytest.raises(NoAnswerError, match="did not answer SNMP"):
        asyncio.run(main())


def test_two_credentials_with_one_user_name_do_not_disturb_each_other(snmpd: Snmpd, security: UserSecurity) -> None:
    for _ in range(2):
        with pytest.raises(CredentialError):
            get(snmpd, replace(HELD, auth_passphrase="wrong passphrase"), security, QUICK)
        assert get(snmpd, HELD, security) == {SYS_DESCR: DESCRIPTION}


def test_the_cost_of_a_visit_is_counted_and_the_engine_id_is_asked_for_once(snmpd: Snmpd) -> None:
    async def main() -> list[Traffic]:
        spent = []
        async with SnmpClient(PATIENT) as client:
            for _ in range(2):
                session = client.session(Agent("127.0.0.1", snmpd.port, "3", user=HELD))
                assert await session.get([SYS_DESCR]) == {SYS_DESCR: DESCRIPTION}
                spent.append(session.traffic)
        return spent

    first, second = asyncio.run(main())
    assert (first.packets_sent, first.packets_received) == (2, 2)
    assert (second.packets_sent, second.packets_received) == (1, 1)
    assert 28 < second.bytes_sent < first.bytes_sent


def test_an_agent_that_was_restarted_is_asked_once_more_with_its_new_clock(tmp_path: Path) -> None:
    # With an engine ID of its own making net-snmp counts its starts.
    agent = Snmpd(tmp_path, lambda port: configuration(port).replace("engineID dca test agent\n", ""))
    security = UserSecurity()

    async def visit() -> Traffic:
        async with SnmpClient(PATIENT, security) as client:
            session = client.session(Agent("127.0.0.1", agent.port, "3", user=HELD))
            assert await session.get([SYS_DESCR]) == {SYS_DESCR: DESCRIPTION}
            return session.traffic

    try:
        agent.start()
        asyncio.run(visit())
        agent.stop()
        agent.start()
        # One request with the old number of starts, and one with the new.
        assert asyncio.run(visit()).packets_sent == 2
        assert asyncio.run(visit()).packets_sent == 1
    finally:
        agent.stop()


def test_another_agent_at_the_same_address_is_recognised(tmp_path: Path) -> None:
    agent = Snmpd(tmp_path, configuration)
    security = UserSecurity()
    try:
        agent.start()
        assert get(agent, HELD, security) == {SYS_DESCR: DESCRIPTION}
        agent.stop()
        agent.configure(lambda port: configuration(port).replace("engineID dca test agent", "engineID another one"))
        agent.start()
        assert get(agent, HELD, security) == {SYS_DESCR: DESCRIPTION}
    finally:
        agent.stop()
