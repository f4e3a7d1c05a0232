"""The collector and signed configuration: settings and definitions at a reload, what is of no use, traffic of checks."""

import hashlib
import json
from datetime import UTC, datetime

import pytest

from appliance.common.errors import ControlError
from appliance.common.paths import Paths
from appliance.settings.configuration_state import Configuration, Received, ReceivedLayer
from appliance.settings.document import ReceivedLayerName
from appliance.settings.store import SettingsStore
from tests.appliance.collector import Site
from tests.appliance.definitions.device import written
from tests.appliance.service.acme import DEFINITION
from tests.appliance.service.scans.test_sweeps import quiet_now
from tests.conftest import RunningSimulator

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def apply(site: Site, *texts: str, keep: bool = False, layer: ReceivedLayerName = "global", **settings: dict[str, object]) -> None:
    """Put a configuration into force, as the check for it does."""
    paths = Paths(data=site.data, run=site.folder / "run")
    paths.prepare()
    paths.received_definitions.mkdir(parents=True, exist_ok=True)
    hashes = {}
    for number, text in enumerate(texts):
        hashes[f"acme{number}.toml"] = sha256 = hashlib.sha256(text.encode()).hexdigest()
        (paths.received_definitions / f"{sha256}.toml").write_text(text)
    layers = (ReceivedLayer(layer, "config/global/all.json", 1, "a" * 64, settings, hashes),)
    configuration = Configuration(layers, "2026-11-25T00:00:00Z", "0123456789abcdef")

    def change(received: Received) -> Received:
        applied = received.applied(configuration, "", (), NOW)
        return applied.kept("", NOW) if keep else applied

    SettingsStore(paths.settings, {}).change_received(change)


def test_definitions_that_were_received_are_read_with(site: Site, scanner) -> None:  # type: ignore[no-untyped-def]
    site.variables |= {"DCA_SNMP_PORT": str(scanner.port)}
    site.start()
    apply(site, DEFINITION, scan={"targets": [scanner.addresses[0]]})
    site.call("POST", "/v1/reload")
    site.scan_to_the_end()
    assert site.rows("SELECT json_extract(body, '$.device.serial') FROM reading") == [("A1B2C3",)]


def test_a_definition_of_the_site_takes_the_place_of_a_received_one(site: Site, scanner: RunningSimulator) -> None:
    apply(site, DEFINITION.replace(".32473.7", ".32473.8"), keep=True)
    written(site.data / "definitions", DEFINITION)
    site.variables |= {"DCA_SNMP_PORT": str(scanner.port), "DCA_SCAN_TARGETS": scanner.addresses[0]}
    site.start()
    site.wait_for_scan()
    assert site.rows("SELECT json_extract(body, '$.device.serial') FROM reading") == [("A1B2C3",)]


def test_a_received_definition_is_told_by_the_name_people_know(site: Site) -> None:
    apply(site, DEFINITION.replace('"A"', '"Z"'), keep=True)
    site.start()
    text = site.problem("definitions")
    assert text is not None
    assert text.startswith("acme0.toml of the hosting server, line 15, object.0.evidence: ")


@pytest.mark.parametrize("keep", [True, False])
def test_a_broken_definition_condemns_only_a_configuration_on_trial(site: Site, keep: bool) -> None:
    site.start()
    apply(site, DEFINITION.replace('"A"', '"Z"'), keep=keep, scan={"read_minutes": 30})
    if keep:
        site.call("POST", "/v1/reload")
        assert site.problem("definitions")
    else:
        with pytest.raises(ControlError, match=r"acme0\.toml of the hosting server, line 15"):
            site.call("POST", "/v1/reload")


def test_what_the_site_adds_itself_is_no_fault_of_a_trial(site: Site) -> None:
    written(site.data / "definitions", DEFINITION.replace('"A"', '"Z"'))
    site.start()
    apply(site, DEFINITION)
    site.call("POST", "/v1/reload")
    assert site.problem("definitions")


def test_what_definitions_ask_for_is_told(site: Site) -> None:
    nothing: dict[str, list[object]] = {"definitions": [], "left_out": []}
    site.start()
    assert site.call("GET", "/v1/definitions") == nothing
    apply(site, DEFINITION, keep=True)
    own = DEFINITION.replace("Acme", "Bolt").replace("device.serial", "meters.total")
    file = written(site.data / "definitions", own)
    written(site.data / "definitions", own.replace('"A"', '"Z"'), "broken.toml")
    site.call("POST", "/v1/reload")
    told = site.call("GET", "/v1/definitions")
    object_ = {"name": "acmeSerial", "oid": "1.3.6.1.4.1.32473.1.2.0"}
    assert told["definitions"] == [
        {
            "file": "acme0.toml",
            "origin": "hosting",
            "vendor": "Acme",
            "devices": ["Acme", "sysObjectID 1.3.6.1.4.1.32473"],
            "objects": [{**object_, "gives": ["device.serial"]}],
            "documents": [],
        },
        {
            "file": str(file),
            "origin": "site",
            "vendor": "Bolt",
            "devices": ["Bolt", "sysObjectID 1.3.6.1.4.1.32473"],
            "objects": [{**object_, "gives": ["meters.total"]}],
            "documents": [],
        },
    ]
    assert [text.partition(", line")[0] for text in told["left_out"]] == [str(site.data / "definitions" / "broken.toml")]


def test_a_site_that_takes_no_definitions_reads_by_none_of_the_hosting_server(site: Site) -> None:
    apply(site, DEFINITION, keep=True, scan={"read_minutes": 30})
    site.variables["DCA_GUARDRAIL_DEFINITIONS"] = "none"
    site.start()
    assert site.call("GET", "/v1/definitions")["definitions"] == []
    assert "may not bring vendor definitions (acme0.toml)" in (site.problem("configuration") or "")


def known(site: Site, scanner: RunningSimulator) -> None:
    """Start a collector that knows a device, which its next trial can read."""
    site.variables |= {"DCA_SNMP_PORT": str(scanner.port), "DCA_SCAN_TARGETS": scanner.addresses[0]}
    written(site.data / "definitions", DEFINITION)
    site.start()
    site.wait_for_scan()


def test_a_trial_reads_known_devices_in_full_and_keeps_nothing(site: Site, scanner: RunningSimulator) -> None:
    known(site, scanner)
    before = site.rows("SELECT count(*), max(taken_at) FROM reading")
    cost = site.call("GET", "/v1/traffic")["since_start"]["first_read"]["bytes_sent"]
    answer = site.call("POST", "/v1/trial")
    assert (answer["devices"], answer["read"], answer["trouble"], answer["note"]) == (1, 1, None, None)
    assert site.rows("SELECT count(*), max(taken_at) FROM reading") == before
    assert site.call("GET", "/v1/traffic")["since_start"]["first_read"]["bytes_sent"] > cost


def test_in_a_quiet_time_a_trial_reads_nothing(site: Site, scanner: RunningSimulator) -> None:
    known(site, scanner)
    site.set(f"scan.quiet_times={quiet_now()}")
    site.call("POST", "/v1/reload")
    answer = site.call("POST", "/v1/trial")
    assert (answer["devices"], answer["trouble"]) == (0, None)
    assert "quiet time" in answer["note"]


def test_a_silent_device_is_no_fault_of_a_trial(site: Site, scanner: RunningSimulator) -> None:
    known(site, scanner)
    scanner.stop()
    answer = site.call("POST", "/v1/trial")
    assert (answer["devices"], answer["read"], answer["trouble"]) == (1, 0, None)


def test_a_configuration_outside_the_guardrails_is_left_out_and_told(site: Site) -> None:
    apply(site, keep=True, scan={"targets": ["10.0.0.0/24"]})
    site.variables["DCA_GUARDRAIL_NETWORKS"] = "127.0.0.0/8"
    site.start()
    text = site.problem("configuration")
    assert text is not None
    assert "10.0.0.0/24" in text
    assert site.status()["next_sweep_at"] is None
    shown = site.dca("settings", "show")
    assert "the signed configuration is not in force" in shown.stderr


def test_settings_show_names_the_layers(site: Site) -> None:
    apply(site, layer="assigned", scan={"read_minutes": 30})
    lines = {line.split()[0]: line.split()[-1] for line in site.dca("settings", "show").stdout.splitlines() if line}
    assert (lines["scan.read_minutes"], lines["scan.sweep_minutes"]) == ("assigned", "default")


def test_the_traffic_of_checks_is_counted(site: Site) -> None:
    site.start()
    counts = {"packets_sent": 3, "packets_received": 2, "bytes_sent": 300, "bytes_received": 200}
    for _ in range(2):
        site.call("POST", "/v1/traffic", {"traffic": {"update": counts}})
    answer = site.call("GET", "/v1/traffic")
    assert answer["since_start"]["update"] == {name: 2 * count for name, count in counts.items()}
    assert answer["last_day"]["update"] == 1000


@pytest.mark.parametrize(
    "traffic", [None, {"sweep": {}}, {"update": {}}, {"update": {"packets_sent": -1}}, {"update": [1, 2, 3, 4]}, {"update": "x"}]
)
def test_what_is_no_traffic_is_not_counted(site: Site, traffic: object) -> None:
    site.start()
    with pytest.raises(ControlError, match="traffic"):
        site.call("POST", "/v1/traffic", {"traffic": traffic})
    assert site.call("GET", "/v1/traffic")["since_start"] == {}


def test_what_a_value_from_afar_means_is_a_problem_until_it_is_gone(site: Site) -> None:
    site.start()
    apply(site, keep=True, store={"keep_days": 8}, hosting={"check_in_seconds": 21600})
    site.call("POST", "/v1/reload")
    text = site.problem("settings_meaning") or ""
    assert "Set by the hosting server: store.keep_days is 8: the site removes what it has read after that time." in text
    assert "hosting.check_in_seconds is 21600: a site learns of commands, configuration and new versions that much later" in text
    assert text in site.dca("status").stdout
    apply(site, keep=True, store={"keep_days": 90})
    site.call("POST", "/v1/reload")
    assert site.problem("settings_meaning") is None


@pytest.mark.parametrize("zone", ["Europe/Berln", '"Europe/Berlin"', "CEST"])
def test_an_unknown_time_zone_is_told_wherever_times_are_shown(site: Site, zone: str) -> None:
    site.variables["TZ"] = zone
    child = site.start()
    text = site.problem("settings_meaning") or ""
    assert text.startswith(f"TZ is {zone!r}, which is no time zone known here")
    assert text in site.dca("status").stdout
    assert text in site.dca("settings", "show").stderr
    assert "which is no time zone known here" in child.stop().stdout


def test_a_host_name_among_the_guardrails_of_an_older_file_stops_nothing(site: Site, fleet: RunningSimulator) -> None:
    site.set(f"scan.targets={fleet.span}", f"snmp.port={fleet.port}")
    file = site.data / "settings.json"
    tables = json.loads(file.read_bytes())
    tables["settings_site"]["9"] = {"section": "guardrails", "fields": {"networks": ["127.0.0.0/8", "printer.example"]}}
    file.write_text(json.dumps(tables))
    site.start()
    assert site.wait_for_scan()["read"] == 4
    assert "guardrails.networks names printer.example" in (site.problem("settings_meaning") or "")
    refused = site.dca("settings", "set", "guardrails.networks=127.0.0.0/8,printer.example")
    assert refused.returncode == 1
    assert "guardrails.networks.1: 'printer.example' is no range of addresses" in refused.stderr
