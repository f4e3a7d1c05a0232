"""The same questions to net-snmp's agent by our client and by net-snmp's own commands: the answers agree."""

import asyncio
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.snmp.client import Agent, SnmpClient, SnmpOptions
from appliance.snmp.values import Objects, Oid, Tag, Value, parse_oid
from tests.ports import free_port

SNMPD = shutil.which("snmpd") or shutil.which("snmpd", path="/usr/sbin:/sbin")

pytestmark = pytest.mark.skipif(
    SNMPD is None or shutil.which("snmpbulkwalk") is None, reason="net-snmp (snmpd and snmp) is not installed"
)

CONFIGURATION = """
rocommunity public 127.0.0.1
sysDescr a box for tests
sysLocation hall
sysObjectID 1.3.6.1.4.1.8072.3.2.10
sysServices 72
master off
"""

SCALARS = [parse_oid(f"1.3.6.1.2.1.1.{number}.0") for number in (1, 2, 5, 6, 7)] + [parse_oid("1.3.6.1.2.1.43.5.1.1.17.1")]
# sysORID and sysORDescr, ifDescr, ifType and ifPhysAddress: they do not change while the test runs.
COLUMNS = [parse_oid(text) for text in ("1.3.6.1.2.1.1.9.1.2", "1.3.6.1.2.1.1.9.1.3")] + [
    parse_oid(f"1.3.6.1.2.1.2.2.1.{number}") for number in (2, 3, 6)
]


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    folder = tmp_path_factory.mktemp("snmpd")
    (folder / "snmpd.conf").write_text(CONFIGURATION)
    port = free_port("udp")
    assert SNMPD is not None
    environment = {"SNMP_PERSISTENT_DIR": str(folder / "state"), "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}
    command = [SNMPD, "-f", "-Lf", str(folder / "log"), "-C", "-c", str(folder / "snmpd.conf"), "-p", str(folder / "pid"), "-I"]
    process = subprocess.Popen([*command, "-smux", f"udp:127.0.0.1:{port}"], env=environment)
    try:
        wait_until_it_answers(port, process, folder / "log")
        yield Agent("127.0.0.1", port)
    finally:
        process.terminate()
        process.wait(20)


def wait_until_it_answers(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 60
    command = ["snmpget", "-v2c", "-c", "public", "-t", "0.5", "-r", "0", f"127.0.0.1:{port}", "1.3.6.1.2.1.1.1.0"]
    while subprocess.run(command, capture_output=True, check=False).returncode:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, "snmpd does not answer"


def by_net_snmp(command: str, agent: Agent, version: str, oids: list[Oid]) -> Objects:
    """Return what a net-snmp command prints, as objects. Strings are printed as hex, so nothing depends on how they look."""
    names = [".".join(map(str, oid)) for oid in oids]
    found: dict[Oid, Value] = {}
    for name in names:
        output = subprocess.run(
            [command, f"-v{version}", "-c", "public", "-On", "-Ox", "-Oe", "-OQ", "-Ot", "-m", "", f"127.0.0.1:{agent.port}", name],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        ).stdout
        # Long strings go on in the next line.
        for line in re.sub(r"\n(?!\.1\.)", "", output).splitlines():
            oid, separator, content = line.partition(" = ")
            if separator and not content.startswith("No "):
                found[parse_oid(oid)] = parsed(content.strip())
    return found


def parsed(content: str) -> Value:
    if content.startswith("."):
        return Value(Tag.OBJECT_IDENTIFIER, parse_oid(content))
    if content.startswith('"'):
        return Value(Tag.OCTET_STRING, bytes.fromhex(content.strip('"')))
    return Value(Tag.INTEGER, int(content))


def test_a_get_agrees_with_snmpget(agent: Agent) -> None:
    async def main() -> Objects:
        async with SnmpClient(SnmpOptions(timeout=10)) as client:
            return await client.session(agent).get(SCALARS)

    found = asyncio.run(main())
    assert len(found) == 5
    assert found == by_net_snmp("snmpget", agent, "2c", SCALARS)


@pytest.mark.parametrize("version", ["1", "2c"])
def test_a_fetch_agrees_with_snmpbulkwalk(agent: Agent, version: str) -> None:
    async def main() -> Objects:
        async with SnmpClient(SnmpOptions(timeout=10)) as client:
            asked = Agent(agent.address, agent.port, "1" if version == "1" else "2c")
            return await client.session(asked).fetch(SCALARS, COLUMNS)

    expected = {**by_net_snmp("snmpget", agent, "2c", SCALARS), **by_net_snmp("snmpbulkwalk", agent, "2c", COLUMNS)}
    assert len(expected) > 10
    assert asyncio.run(main()) == expected
