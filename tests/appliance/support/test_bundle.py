"""What is in a support bundle, and what must never be: one secret of each kind is planted and searched for."""

import io
import json
import tarfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from appliance import report
from appliance.common.log import HIDDEN, LOG_FILE_BYTES
from appliance.common.paths import Paths
from appliance.privacy.outgoing import Masking
from appliance.settings.model import PrivacySettings
from appliance.settings.store import SettingsStore
from appliance.store.store import Store
from appliance.support.bundle import LARGEST_BUNDLE_BYTES, LOG_BYTES, make_bundle
from appliance.support.component_answers import Asked
from appliance.support.scrubbing import Scrubber
from tests.appliance.collector import Site
from tests.appliance.hosting_peer import Decided
from tests.appliance.transmission.peer import serving
from tests.children import wait_until

SECRETS = {
    "community": "planted-community",
    "auth": "planted-authentication",
    "priv": "planted-privacy-phrase",
    "localized": "a1b2c3d4e5f60718293a4b5c6d7e8f90",
    "proxy": 'planted "proxy" word',
    "metrics": "planted-metrics-token-0123456789",
    "enrolment": "PLANTED-ENROLMENT-CODE",
    "session": "planted-session-key",
    "password": "planted-password-hash",
}
PANEL = "Planted panel text"
SETTINGS: dict[str, dict[str, Any]] = {
    "site": {"name": "Town hall"},
    "snmp": {
        "credentials": [
            {"name": "one", "community": SECRETS["community"]},
            {
                "name": "two",
                "version": "3",
                "user": "reader",
                "auth_protocol": "SHA-256",
                "auth_passphrase": SECRETS["auth"],
                "priv_protocol": "AES-128",
                "priv_passphrase": SECRETS["priv"],
            },
            {
                "name": "three",
                "version": "3",
                "user": "other",
                "auth_protocol": "MD5",
                "auth_localized_key": SECRETS["localized"],
            },
        ]
    },
    "hosting": {"proxy": "http://proxy.example:3128", "proxy_user": "dca", "proxy_password": SECRETS["proxy"]},
    "web": {"metrics_token": SECRETS["metrics"]},
}


def reading(number: int, **device: Any) -> report.Reading:
    return report.Reading.model_validate(
        {
            "taken_at": datetime(2026, 11, 25, 10, tzinfo=UTC),
            "device": {
                "key": f"serial:ACME/{number}",
                "ip": f"10.20.30.{number}",
                "hostname": f"printer-{number}.town.example",
                "mac": f"00:11:22:33:44:{number:02x}",
                "manufacturer": "Acme",
                "model": "Laser",
                "serial": f"SN{number:04}",
                "location": "Room of Ms Planted",
            }
            | device,
            "status": {"printer": "idle", "device": "running", "console": [PANEL]},
            "alerts": [{"severity": "warning", "group": "other", "code": "unknown", "description": PANEL}],
        }
    )


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """Return an appliance with two devices, secrets of each kind, and logs that tell them."""
    paths = Paths(tmp_path / "data", tmp_path / "run")
    paths.prepare()
    store = SettingsStore(paths.settings, {})
    store.change_site(SETTINGS)
    store.change_documents("sessions", lambda _: [{"key": SECRETS["session"]}])
    store.change_documents("accounts", lambda _: [{"name": "admin", "password_hash": SECRETS["password"]}])
    (paths.trust / "request.key").write_text("-----BEGIN PRIVATE KEY-----\nplanted-request-key\n-----END PRIVATE KEY-----\n")
    with Store(paths.readings) as readings:
        readings.keep([reading(1), reading(2)])
        readings.note_failures({"serial:ACME/2": "10.20.30.2 does not answer."})
    lines = [json.dumps({"event": f"somebody wrote {secret} here", "level": "info"}) for secret in SECRETS.values()]
    lines.append(json.dumps({"event": "fields", "community": "planted-in-a-field", "nested": {"token": "planted-deep"}}))
    lines.append("no JSON: https://hosting.example#enrol=PLANTED-OTHER-CODE&root=ab http://me:planted-word@proxy.example/")
    lines.append(json.dumps({"event": "asked 10.20.30.1:161 printer-1.town.example and 00:11:22:33:44:02"}))
    (paths.logs / "collector.log").write_text("\n".join(lines) + "\n")
    return paths


def unpacked(bundle: bytes) -> dict[str, str]:
    with tarfile.open(fileobj=io.BytesIO(bundle), mode="r:gz") as archive:
        return {
            member.name.removeprefix("dca-support/"): archive.extractfile(member).read().decode()  # type: ignore[union-attr]
            for member in archive.getmembers()
        }


def bundle_of(paths: Paths, *, asked: Asked | None = None) -> dict[str, str]:
    return unpacked(make_bundle(paths, SettingsStore(paths.settings, {}), asked or Asked({}, {})))


def test_no_secret_and_no_text_of_a_panel_is_in_it(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DCA_ENROLMENT", f"https://hosting.example#enrol={SECRETS['enrolment']}")
    told = {"/v1/status": {"problems": [{"text": f"The community {SECRETS['community']} is wrong."}], "token": "planted-answer"}}
    files = bundle_of(paths, asked=Asked(told, {}))
    everything = "\n".join(files.values())
    kept_aside = {SECRETS["session"], SECRETS["password"]}  # of no setting: nothing knows them where a log line has them
    for secret in set(SECRETS.values()) - kept_aside:
        assert secret not in everything
        assert json.dumps(secret)[1:-1] not in everything
    for planted in ("planted-in", "planted-deep", "PLANTED-OTHER", "planted-word", "planted-answer", "planted-request-key", PANEL):
        assert planted not in everything
    without_logs = "\n".join(content for name, content in files.items() if not name.endswith(".log"))
    assert not any(secret in without_logs for secret in kept_aside)
    assert everything.count(HIDDEN) > 10


def test_it_has_what_support_needs(paths: Paths) -> None:
    asked = Asked({"/v1/status": {"health_check": True}}, {"/v1/health": {"ok": True}, "/v1/traffic": {"days": []}})
    files = bundle_of(paths, asked=asked)
    assert set(files) == {
        "about.json", "settings.json", "configuration.json", "supervisor.json", "collector.json", "devices.json",
        "supervisor.log", "collector.log", "webui.log", "switcher.log",
    }  # fmt: skip
    assert json.loads(files["about.json"])["version"]
    assert json.loads(files["supervisor.json"]) == {"/v1/status": {"health_check": True}}
    assert json.loads(files["collector.json"])["/v1/health"] == {"ok": True}
    assert json.loads(files["configuration.json"])["state"] == "none"
    settings = {one["setting"]: one for one in json.loads(files["settings.json"])}
    assert settings["site.name"] == {"setting": "site.name", "value": "Town hall", "layer": "site", "variable": None}
    assert settings["snmp.credentials"]["value"][0] == {"name": "one", "version": "2c", "community": HIDDEN, "ranges": []}
    first, second = sorted(json.loads(files["devices.json"]), key=lambda one: str(one["device"]["key"]))
    assert (first["device"]["ip"], first["device"]["location"]) == ("10.20.30.1", "Room of Ms Planted")
    assert second["failure"] == "10.20.30.2 does not answer."
    assert "asked 10.20.30.1:161 printer-1.town.example and 00:11:22:33:44:02" in files["collector.log"]


def test_what_the_site_masks_is_masked_in_every_part_of_it(paths: Paths) -> None:
    SettingsStore(paths.settings, {}).change_site(
        {"privacy": {"ip_address": "mask_last_octet", "host_name": "mask", "mac": "pseudonym", "location": "mask"}}
    )
    asked = Asked({}, {"/v1/status": {"last_scan": {"failures": [{"address": "10.20.30.2", "reason": "silent"}]}}})
    files = bundle_of(paths, asked=asked)
    everything = "\n".join(files.values())
    for masked in ("10.20.30.1", "10.20.30.2", "town.example", "00:11:22:33:44:02", "Ms Planted"):
        assert masked not in everything
    assert "asked 10.20.30.x:161" in files["collector.log"]
    assert "mac-" in files["collector.log"]
    assert '"10.20.30.x"' in files["collector.json"]


def test_a_name_with_a_port_behind_it_is_masked(paths: Paths) -> None:
    scrubber = Scrubber([], Masking(PrivacySettings(host_name="mask")))
    with Store(paths.readings) as readings:
        scrubber.know(readings.devices())
    assert scrubber.text("printer-1.town.example:161, PRINTER-2.TOWN.EXAMPLE.") == "[masked at the site]:161, [masked at the site]."


def test_it_stays_small_whatever_the_logs_hold(paths: Paths) -> None:
    noise = "".join(f"{number:x}" * 3 for number in range(LOG_FILE_BYTES // 12))
    lines = "".join(f"line {number} {noise[number % 1000 : number % 1000 + 200]}\n" for number in range(20_000))
    for name in ("collector.log", "collector.log.1", "webui.log", "supervisor.log", "switcher.log"):
        (paths.logs / name).write_text(lines)
    files = bundle_of(paths)
    assert all(len(content) <= LOG_BYTES + 20_000 for content in files.values())
    assert "line 19999 " in files["collector.log"]
    assert "line 1 " not in files["collector.log"]
    assert len(make_bundle(paths, SettingsStore(paths.settings, {}), Asked({}, {}))) < LARGEST_BUNDLE_BYTES


def test_it_is_made_without_readings_and_without_components(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "data", tmp_path / "run")
    paths.prepare()
    assert json.loads(bundle_of(paths)["devices.json"]) == []


def test_the_command_writes_it_while_the_appliance_runs_and_while_it_does_not(site: Site, tmp_path: Path) -> None:
    site.variables["DCA_SNMP_COMMUNITY"] = SECRETS["community"]
    finished = site.dca("support-bundle", tmp_path / "first.tar.gz")
    assert finished.returncode == 0, finished.stderr
    assert "no secrets" in finished.stdout
    files = unpacked((tmp_path / "first.tar.gz").read_bytes())
    assert "is not running" in json.loads(files["collector.json"])["/v1/status"]["error"]
    assert (tmp_path / "first.tar.gz").stat().st_mode & 0o077 == 0
    site.start()
    assert site.dca("support-bundle", tmp_path / "second.tar.gz").returncode == 0
    files = unpacked((tmp_path / "second.tar.gz").read_bytes())
    assert json.loads(files["collector.json"])["/v1/status"]["component"] == "collector"
    assert "the collector serves" in files["collector.log"]
    assert SECRETS["community"] not in "".join(files.values())


def test_a_file_that_cannot_be_written_is_named(site: Site) -> None:
    finished = site.dca("support-bundle", "/proc/bundle.tar.gz")
    assert finished.returncode == 1
    assert "cannot be written to /proc/bundle.tar.gz" in finished.stderr


@pytest.mark.parametrize("allowed", [True, False])
def test_it_is_sent_when_the_hosting_team_asks_and_the_site_allows_it(site: Site, allowed: bool) -> None:
    decided = Decided(commands=[{"id": "bundle-1", "name": "send_support_bundle"}])
    site.variables["DCA_PRIVACY_SUPPORT_BUNDLE"] = "on" if allowed else "off"
    with serving(decided.answer) as peer:
        site.variables["DCA_ENROLMENT"] = f"{peer.url}#enrol=CODE1234"
        child = site.start()
        if not allowed:
            child.wait_for("privacy.support_bundle is off")
            assert decided.bundles == []
            return
        wait_until("the bundle has arrived", lambda: decided.bundles)
        [request] = [one for one in peer.received if one.target == "/api/v1/support-bundle"]
        assert request.headers["content-type"] == "application/gzip"
        assert "content-encoding" not in request.headers
        assert "signature" in request.headers
        assert json.loads(unpacked(decided.bundles[0])["collector.json"])["/v1/status"]["component"] == "collector"
        wait_until("the site knows", lambda: site.rows("SELECT text FROM event WHERE kind = 'support_bundle_sent'"))
        site.call("POST", "/v1/check-in")
        assert len(decided.bundles) == 1


def test_a_server_that_is_busy_gets_it_later(site: Site) -> None:
    decided = Decided(commands=[{"id": "bundle-1", "name": "send_support_bundle"}], busy=["support-bundle"])
    site.variables["DCA_PRIVACY_SUPPORT_BUNDLE"] = "on"
    with serving(decided.answer) as peer:
        site.variables["DCA_ENROLMENT"] = f"{peer.url}#enrol=CODE1234"
        site.start()
        wait_until("the bundle has arrived", lambda: decided.bundles)
        assert sum(one.target == "/api/v1/support-bundle" for one in peer.received) == 2
