"""A reading tells with which kind of credential it was made, and over which TLS; never the secret, nor what it is called."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from appliance.report import Access
from appliance.report.changes import difference
from appliance.service.scans.access import access_by
from appliance.service.scans.options import credentials_of
from appliance.settings.model import SnmpSettings
from tests.appliance.http.documents import FULL_IPP
from tests.appliance.http.web import device
from tests.appliance.service.scans.test_without_snmp import PRINTER, SPEAKING, Site, ipp
from tests.conftest import FreePort, StartSimulator
from tests.recordings.recorded_file import write_recording

SECRET = "k9-tower"


def told(access: Access | None) -> dict[str, Any]:
    assert access is not None
    return access.model_dump(exclude_none=True)


@pytest.mark.parametrize(("community", "default"), [("public", True), ("Private", True), (SECRET, False)])
def test_a_community_is_told_as_one_and_whether_everybody_knows_it(
    tmp_path: Path, free_port: FreePort, start_simulator: StartSimulator, community: str, *, default: bool
) -> None:
    port = free_port("udp", PRINTER)
    recording = write_recording(tmp_path / "speaking.snmprec", SPEAKING)
    start_simulator("--recordings", recording, "--base", PRINTER, "--port", str(port), "--community", community)

    async def run() -> None:
        async with device(answer=ipp(FULL_IPP), address=PRINTER) as web:
            site = Site(tmp_path, port, web, community=community)
            await site.scan()
            [first] = site.devices
            assert told(first.reading.access) == {
                "snmp": {"version": "2c", "credential": "community", "default": default},
                "ipp": "http",
            }
            assert SECRET not in first.body
            await site.poll()
            [second] = site.devices
            patch = difference(json.loads(first.body), json.loads(second.body))
            assert "access" not in patch, "it is told again only when it changes"

    asyncio.run(run())


@pytest.mark.parametrize(
    ("protocols", "said"),
    [
        ({}, {"level": "noAuthNoPriv"}),
        ({"auth_protocol": "SHA-256", "auth_passphrase": SECRET}, {"level": "authNoPriv", "auth_protocol": "SHA-256"}),
        (
            {"auth_protocol": "MD5", "auth_passphrase": SECRET, "priv_protocol": "AES-128", "priv_passphrase": SECRET},
            {"level": "authPriv", "auth_protocol": "MD5", "priv_protocol": "AES-128"},
        ),
    ],
)
def test_a_user_is_told_by_level_and_protocols(protocols: dict[str, str], said: dict[str, str]) -> None:
    user = {"version": "3", "name": "third floor", "user": "operator", **protocols}
    [credential] = credentials_of(SnmpSettings.model_validate({"credentials": [user]}).credentials)
    access = access_by(credential, "3")
    assert told(access) == {"snmp": {"version": "3", "credential": "user", **said}}
    assert not any(name in access.model_dump_json() for name in (SECRET, "operator", "third floor"))
