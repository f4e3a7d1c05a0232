"""Receiving signed configuration: what is fetched, judged and put into force by the process that checks for it."""

import hashlib
import json
import time

import pytest

from appliance.settings.document import GLOBAL_PATH, Document, group_path, marker, site_path, write_document
from appliance.settings.reach import PRIVATE_NETWORKS
from tests.children import run_child
from tests.updater.configured import OTHER_SITE_ID, RECEIVE, SITE_ID, ConfiguredSite
from updater.configuration.refresh import check

READ_30 = {"scan": {"read_minutes": 30}}
READ_20 = {"scan": {"read_minutes": 20}}


def read_minutes(site: ConfiguredSite) -> int:
    return site.store.effective().settings.scan.read_minutes


def test_nothing_published_is_nothing_to_do(configured_site: ConfiguredSite) -> None:
    result = configured_site.check()

    assert (result.what, result.marker, result.ok) == ("unchanged", "none", True)
    assert configured_site.received.outcomes == ()


def test_a_new_configuration_comes_into_force_on_trial(configured_site: ConfiguredSite) -> None:
    document = configured_site.publish({"scan": {"read_minutes": 30, "targets": ["10.0.0.0/24"]}})

    result = configured_site.check()

    assert result.what == "applied", result
    received = configured_site.received
    sha256 = hashlib.sha256(document).hexdigest()
    path = site_path(SITE_ID)
    assert (received.state, received.marker) == ("trial", marker([(path, sha256)])) == ("trial", result.marker)
    [layer] = configured_site.in_force.layers
    assert (layer.layer, layer.path, layer.version, layer.sha256) == ("assigned", path, 1, sha256)
    assert layer.signed_by.startswith(configured_site.repository.bins.get_role_for_target(path))
    effective = configured_site.store.effective()
    assert effective.settings.scan.read_minutes == 30
    assert effective.layer_of("scan.read_minutes") == "assigned"
    [outcome] = received.outcomes
    assert (outcome.what, outcome.layers) == ("applied", ((path, 1, sha256),))
    assert set(outcome.changes) == {("scan.read_minutes", "60", "30"), ("scan.targets", "-", "10.0.0.0/24")}
    assert result.traffic.bytes > 5000


def test_a_check_takes_no_more_of_the_line_than_the_site_gives_it(configured_site: ConfiguredSite) -> None:
    document = configured_site.publish(definitions={"big.toml": f"# {'x' * 20_000}\n"})
    configured_site.store.change_site({"update": {"kilobytes_per_second": 10}})

    began = time.monotonic()
    configured_site.check()

    assert time.monotonic() - began > len(document) / 10_000


def test_layers_stand_above_each_other_and_the_site_above_all(configured_site: ConfiguredSite) -> None:
    site = configured_site
    site.store.change_site({"scan": {"icmp": False}})
    site.publish({"scan": {"read_minutes": 11, "sweep_minutes": 111, "icmp": True, "silent_hours": 1}}, layer="global")
    site.publish({"scan": {"read_minutes": 22, "sweep_minutes": 222, "icmp": True}}, layer="big")
    site.publish({"scan": {"read_minutes": 33, "icmp": True}}, group="big")

    assert site.check().what == "applied"

    effective, scan = site.store.effective(), site.store.effective().settings.scan
    assert (scan.silent_hours, scan.sweep_minutes, scan.read_minutes, scan.icmp) == (1, 222, 33, False)
    fields = ("silent_hours", "sweep_minutes", "read_minutes", "icmp")
    assert [effective.layer_of(f"scan.{field}") for field in fields] == ["global", "group", "assigned", "site"]
    assert [layer.path for layer in site.in_force.layers] == [GLOBAL_PATH, group_path("big"), site_path(SITE_ID)]


def test_host_names_from_afar_lead_to_private_addresses_only(configured_site: ConfiguredSite) -> None:
    configured_site.publish({"scan": {"targets": ["printer.example"]}})
    assert configured_site.check().what == "applied"
    assert configured_site.store.effective().settings.guardrails.networks == PRIVATE_NETWORKS
    assert not [change for change in configured_site.received.outcomes[0].changes if "guardrails" in change[0]]
    configured_site.store.change_site({"scan": {"targets": ["printer.example"]}})
    assert configured_site.store.effective().settings.guardrails.networks == ()


def test_other_groups_and_other_sites_are_not_ours(configured_site: ConfiguredSite) -> None:
    site = configured_site
    site.publish(READ_30, layer="big")
    site.publish_content(write_document(Document(1, READ_20)), site_path(OTHER_SITE_ID))

    assert site.check().what == "unchanged"
    assert not [path for path in site.server.requests if path.startswith("targets/")]


def test_what_was_dealt_with_is_neither_fetched_nor_put_into_force_again(configured_site: ConfiguredSite) -> None:
    configured_site.begin_with(READ_30)
    before = configured_site.received
    configured_site.server.requests.clear()

    assert configured_site.check().what == "unchanged"

    assert configured_site.server.requests == ["metadata/2.root.json", "metadata/timestamp.json"]
    assert configured_site.received == before


def test_a_removed_document_takes_its_settings_with_it(configured_site: ConfiguredSite) -> None:
    configured_site.begin_with(READ_30)
    configured_site.repository.remove(site_path(SITE_ID))
    configured_site.repository.publish()

    result = configured_site.check()

    assert (result.what, result.marker) == ("applied", "none")
    assert read_minutes(configured_site) == 60
    configured_site.keep()
    assert configured_site.check().what == "unchanged"


def test_definitions_are_there_before_they_are_in_force_and_go_when_nothing_needs_them(configured_site: ConfiguredSite) -> None:
    site, folder = configured_site, configured_site.paths.received_definitions
    site.publish(definitions={"acme.toml": "a = 1\n", "other.toml": "b = 1\n"})
    site.check()
    texts = {name: (folder / f"{sha256}.toml").read_text() for name, sha256 in site.in_force.definitions().items()}
    assert texts == {"acme.toml": "a = 1\n", "other.toml": "b = 1\n"}
    assert ("definition acme.toml", "-", site.in_force.definitions()["acme.toml"][:12]) in site.received.outcomes[0].changes

    for number in range(12):
        site.publish(definitions={"acme.toml": f"a = {number}\n"})
        site.check()
        site.keep()

    assert len(site.received.earlier) == 10
    assert {path.stem for path in folder.iterdir()} == site.received.hashes()
    assert len(list(folder.iterdir())) == 11


def test_outside_the_guardrails_all_of_it_is_refused_and_judged_again_when_they_move(configured_site: ConfiguredSite) -> None:
    site = configured_site
    kept = site.begin_with(READ_30)
    site.store.change_site({"guardrails": {"networks": ["10.0.0.0/25", "10.0.0.128/25"]}})
    site.publish({"scan": {"targets": ["10.0.0.0/24", "10.9.0.0/24"], "read_minutes": 20}})

    result = site.check()

    assert (result.what, result.reason) == ("refused", "guardrail")
    assert "10.9.0.0/24" in result.text
    assert "guardrails.networks" in result.text
    assert site.in_force == kept
    assert (site.received.state, site.received.marker) == ("refused", result.marker)
    outcome = site.received.outcomes[0]
    assert (outcome.what, outcome.reason, outcome.layers[0][:2]) == ("refused", "guardrail", (site_path(SITE_ID), 2))

    assert site.check().what == "refused"
    assert [each.what for each in site.received.outcomes] == ["refused", "kept", "applied"]
    site.store.change_site({"guardrails": {"networks": ["10.0.0.0/8"]}})
    assert site.check().what == "applied"
    assert read_minutes(site) == 20


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"scan": {"packets_per_second": 1001}}, "guardrails.packets_per_second"),
        ({"snmp": {"port": 1161}}, "guardrails.snmp_ports"),
    ],
)
def test_rate_and_ports_have_guardrails_that_only_bind_the_hosting_server(
    configured_site: ConfiguredSite, settings: dict[str, dict[str, int]], named: str
) -> None:
    configured_site.publish(settings)

    result = check(configured_site.paths, configured_site.store)

    assert (result.what, result.reason) == ("refused", "guardrail"), result
    assert named in result.text


def test_what_the_site_sets_itself_is_not_judged_as_from_afar(configured_site: ConfiguredSite) -> None:
    site = configured_site
    site.store.change_site({"snmp": {"port": 1161}, "guardrails": {"networks": ["10.0.0.0/24"]}, "scan": {"targets": ["10.0.0.7"]}})
    site.publish({"snmp": {"port": 9161}, "scan": {"targets": ["10.9.0.0/24"], "read_minutes": 20}})

    assert check(site.paths, site.store).what == "applied"
    assert site.store.effective().settings.snmp.port == 1161
    assert read_minutes(site) == 20


def test_guardrails_narrowed_later_put_the_configuration_out_of_force(configured_site: ConfiguredSite) -> None:
    site = configured_site
    site.begin_with({"scan": {"targets": ["10.0.0.0/24"], "read_minutes": 30}})

    effective = site.store.change_site({"guardrails": {"networks": ["10.1.0.0/16"]}})

    assert "10.0.0.0/24" in effective.left_out
    assert (effective.settings.scan.targets, effective.settings.scan.read_minutes) == ((), 60)
    assert site.store.effective().left_out == effective.left_out
    assert site.store.change_site({"guardrails": {"networks": None}}).settings.scan.read_minutes == 30


def test_level_off_makes_no_connection(configured_site: ConfiguredSite) -> None:
    configured_site.publish(READ_30)
    configured_site.store.change_site({"update": {"level": "off"}})

    assert configured_site.check().what == "off"

    assert configured_site.server.requests == []
    assert not [path for path in configured_site.trust.iterdir() if path.name == "timestamp.json"]


def test_a_site_that_is_not_enrolled_says_so(configured_site: ConfiguredSite) -> None:
    configured_site.store.change_documents("enrolment", lambda _rows: [])
    result = configured_site.check()
    assert (result.what, result.reason) == ("failed", "not enrolled")
    assert "dca enrol" in result.text


def test_an_enrolment_without_root_says_so(configured_site: ConfiguredSite) -> None:
    configured_site.store.change_documents("enrolment", lambda rows: [rows[0] | {"root_sha256": None}])
    result = configured_site.check()
    assert (result.what, result.reason) == ("failed", "not enrolled")
    assert "root=" in result.text


def test_settings_that_forbid_the_connection_are_named(configured_site: ConfiguredSite) -> None:
    configured_site.store.change_site({"hosting": {"ca_file": "/nowhere.pem"}})
    result = configured_site.check()
    assert (result.what, result.reason) == ("failed", "settings")
    assert "/nowhere.pem" in result.text


def test_hosting_url_stands_above_the_address_of_the_enrolment(configured_site: ConfiguredSite) -> None:
    configured_site.store.change_documents("enrolment", lambda rows: [rows[0] | {"url": "http://127.0.0.1:1"}])
    configured_site.store.change_site({"hosting": {"url": configured_site.server.url}})
    assert configured_site.check().what == "unchanged"


def test_the_marker_of_the_server_stands_for_what_cannot_be_read(configured_site: ConfiguredSite) -> None:
    """Else a document whose group cannot be known would be fetched at every check-in."""
    configured_site.publish_content(b"{")

    result = configured_site.check("0123456789abcdef")

    assert (result.what, result.reason, result.marker) == ("refused", "not json", "0123456789abcdef")
    assert configured_site.received.marker == "0123456789abcdef"


def test_two_checks_at_once_are_one(configured_site: ConfiguredSite) -> None:
    site = configured_site
    site.publish(READ_30)
    answers = []

    def check_again(_handler: object) -> None:
        site.server.behaviours.clear()
        answers.append(site.check())

    site.server.behaviours["metadata/timestamp.json"] = check_again
    site.check()

    assert [(answer.what, answer.reason) for answer in answers] == [("failed", "busy")]
    assert site.check().what == "applied"


def test_the_command_prints_json_whatever_happens(configured_site: ConfiguredSite) -> None:
    configured_site.paths.settings.write_text("{")
    finished = run_child(["python", "-P", *RECEIVE], environment=configured_site.environment)
    assert finished.returncode == 0
    assert json.loads(finished.stdout)["what"] in ("failed", "unchanged")


SHARP = 'schema = 1\nvendor = "Sharp"\n\n[[brand]]\nname = "Sharp"\nenterprises = [2385]\n'


@pytest.mark.parametrize("layer", ["global", "north", "assigned"])
def test_a_site_that_takes_no_definitions_refuses_a_configuration_that_brings_one(
    configured_site: ConfiguredSite, layer: str
) -> None:
    site = configured_site
    kept = site.begin_with(READ_30)
    site.store.change_site({"guardrails": {"definitions": "none"}})
    site.publish({"scan": {"read_minutes": 20}}, group="north")
    site.publish(definitions={"sharp.toml": SHARP}, layer=layer)

    result = site.check()

    assert (result.what, result.reason) == ("refused", "guardrail"), result
    assert "sharp.toml" in result.text
    assert "guardrails.definitions" in result.text
    assert (site.in_force, site.received.state) == (kept, "refused")

    site.store.change_site({"guardrails": {"definitions": "any"}})
    assert site.check().what == "applied"
    assert list(site.in_force.definitions()) == ["sharp.toml"]


def test_without_definitions_such_a_site_takes_what_comes(configured_site: ConfiguredSite) -> None:
    configured_site.store.change_site({"guardrails": {"definitions": "none"}})
    configured_site.publish({"scan": {"read_minutes": 20}})
    assert configured_site.check().what == "applied"


def test_a_site_that_takes_no_definitions_any_more_puts_out_of_force_what_brought_one(configured_site: ConfiguredSite) -> None:
    site = configured_site
    site.publish({"scan": {"read_minutes": 30}}, definitions={"sharp.toml": SHARP})
    site.check()
    site.keep()

    effective = site.store.change_site({"guardrails": {"definitions": "none"}})

    assert "sharp.toml" in effective.left_out
    assert effective.settings.scan.read_minutes == 60
    assert site.store.effective().left_out == effective.left_out
    assert site.store.change_site({"guardrails": {"definitions": None}}).settings.scan.read_minutes == 30


def test_the_hosting_server_cannot_move_that_guardrail(configured_site: ConfiguredSite) -> None:
    configured_site.publish({"guardrails": {"definitions": "any"}})
    result = configured_site.check()
    assert (result.what, result.reason) == ("refused", "site only")
