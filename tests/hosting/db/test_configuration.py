"""Configuration is judged as a site would judge it, published whole, and each site learns that there is something new."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from appliance.common.signed_documents import NO_MARKER
from appliance.report.changes import state_digest
from appliance.settings.document import marker, parse_document
from hosting.configuration.layer_text import Wanted, read_wanted, shown, wanted_of
from hosting.configuration.publication import Publishing, in_group
from hosting.configuration.scope import EVERYBODY, group_scope, site_scope
from hosting.db import configuration, sites
from hosting.db.tables import configuration as configuration_table
from hosting.errors import ConfigurationError, RepositoryError
from tests.hosting.running import RunningServer
from tests.hosting.site import Site

DEFINITION = '[definition]\nvendor = "x"\n'


def setting(text: str) -> Callable[[Wanted], Wanted]:
    return lambda before: read_wanted(text, before)


def publish(publishing: Publishing, text: str, scope: Any = EVERYBODY) -> None:
    publishing.publish(publishing.prepare(scope, setting(text)), actor="test")


def enrolled(server: RunningServer, name: str = "Harbour office") -> Site:
    return Site(server).enrol(name, root_sha256=server.root_sha256())


def told(word: str = NO_MARKER, state: str = "none", level: str = "auto") -> dict[str, Any]:
    return {"update": {"level": level}, "configuration": {"marker": word, "state": state, "layers": [], "outcome": None}}


def test_what_is_published_is_signed_kept_and_numbered(signing_server: RunningServer, publishing: Publishing) -> None:
    publish(publishing, '{"scan": {"read_minutes": 30}}')
    publish(publishing, '{"scan": {"read_minutes": 45}}')
    newest, first = signing_server.read(lambda connection: configuration.history(connection, EVERYBODY.path))
    assert (newest.version, first.version, newest.published_by) == (2, 1, "test")
    assert newest.content is not None
    assert parse_document(newest.content, "global").settings == {"scan": {"read_minutes": 45}}
    [file] = (signing_server.config.repository / "targets").rglob(f"{newest.sha256}.all.json")
    assert file.read_bytes() == newest.content


def test_the_difference_is_told_setting_by_setting(publishing: Publishing) -> None:
    publish(publishing, '{"scan": {"read_minutes": 30, "icmp": false}}')
    proposal = publishing.prepare(EVERYBODY, setting('{"scan": {"read_minutes": 45, "sweep_minutes": 60}}'))
    assert [(change.name, change.before, change.after) for change in proposal.changes] == [
        ("scan.icmp", "false", "not set"),
        ("scan.read_minutes", "30", "45"),
        ("scan.sweep_minutes", "not set", "60"),
    ]


def test_what_takes_everything_away_takes_the_document_away(signing_server: RunningServer, publishing: Publishing) -> None:
    publish(publishing, '{"scan": {"read_minutes": 30}}')
    publish(publishing, "{}")
    assert signing_server.read(lambda connection: configuration.in_force(connection, EVERYBODY.path)) is None
    publish(publishing, '{"scan": {"read_minutes": 30}}')
    versions = [each.version for each in signing_server.read(lambda connection: configuration.history(connection, EVERYBODY.path))]
    assert versions == [3, 2, 1]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('{"scan": {"read_minutes": 0}}', "scan.read_minutes"),
        ('{"scan": {"no_such": 1}}', "scan.no_such"),
        ('{"nowhere": {"x": 1}}', "nowhere"),
        ('{"guardrails": {"networks": []}}', "only the site"),
        (
            '{"snmp": {"credentials": [{"kind": "community", "name": "a", "community": "hidden"}]}}',
            "dca settings set snmp.credentials",
        ),
        ('{"scan": 5}', "scan is no JSON object"),
        ('{"settings": 5}', "settings is no JSON object"),
        ("[1]", "no JSON object"),
        ("{", "not JSON"),
        ('{"scan": {"icmp": true, "icmp": false}}', "twice"),
        ("[" * 100_000, "nested too deep"),
        (" " * 300_000, "256 KiB"),
        ('{"scan": {"targets": ["\\ud800"]}}', "cannot be written"),
        ('{"site": {"name": "\\ud800"}}', "cannot be written"),
        ('{"group": "north"}', "dca-hosting site set"),
        ('{"definitions": {"../x.toml": ""}}', "x.toml"),
        ('{"definitions": {"x.toml": 5}}', "definitions"),
    ],
)
def test_what_a_site_would_refuse_is_refused_before_anything_is_signed(
    signing_server: RunningServer, publishing: Publishing, text: str, named: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        publishing.prepare(EVERYBODY, setting(text))
    assert named in str(refused.value)
    assert "hidden" not in str(refused.value)
    assert signing_server.count(configuration_table) == 0


def test_a_definition_no_collector_can_use_is_refused_with_the_reason(publishing: Publishing) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot be used\. x\.toml"):
        publishing.prepare(EVERYBODY, lambda _: Wanted(definitions={"x.toml": 'vendor = "nobody"\n'}))


def test_what_is_shown_can_be_edited_and_read_again(publishing: Publishing) -> None:
    publish(publishing, '{"scan": {"read_minutes": 30}}')
    wanted = publishing.in_force(EVERYBODY)
    assert read_wanted(shown(wanted), Wanted()) == wanted


def test_two_people_at_once_do_not_overwrite_each_other(publishing: Publishing) -> None:
    first = publishing.prepare(EVERYBODY, setting('{"scan": {"read_minutes": 30}}'))
    second = publishing.prepare(EVERYBODY, setting('{"scan": {"read_minutes": 45}}'))
    publishing.publish(first, actor="one")
    with pytest.raises(ConfigurationError, match="in the meantime"):
        publishing.publish(second, actor="two")


def test_a_server_without_a_repository_says_how_to_set_one_up(server: RunningServer) -> None:
    publishing = Publishing(server.config, server.database)
    with pytest.raises(ConfigurationError, match="dca-hosting repository init"):
        publish(publishing, '{"scan": {"read_minutes": 30}}')
    assert server.count(configuration_table) == 0


def test_what_the_repository_refuses_is_not_kept(signing_server: RunningServer, publishing: Publishing) -> None:
    (signing_server.config.repository / "metadata" / "1.targets.json").write_bytes(b"{}")
    with pytest.raises(RepositoryError, match=r"targets\.json"):
        publish(publishing, '{"scan": {"read_minutes": 30}}')
    assert signing_server.count(configuration_table) == 0


def test_what_was_begun_when_the_server_ended_is_published_later(signing_server: RunningServer, publishing: Publishing) -> None:
    content = b'{"format":1,"settings":{"scan":{"read_minutes":30}},"definitions":{},"version":1}'
    signing_server.write(lambda connection: configuration.intend(connection, [(EVERYBODY.path, 1, content)], actor="test"))
    assert signing_server.read(lambda connection: configuration.in_force(connection, EVERYBODY.path)) is None
    publishing.finish_what_was_begun()
    kept = signing_server.read(lambda connection: configuration.in_force(connection, EVERYBODY.path))
    assert kept is not None
    assert wanted_of(kept.content).settings == {"scan": {"read_minutes": 30}}
    assert list((signing_server.config.repository / "targets").rglob(f"{kept.sha256}.all.json"))


def test_a_group_is_signed_into_the_document_of_its_site(signing_server: RunningServer, publishing: Publishing) -> None:
    site = enrolled(signing_server)
    scope = site_scope(site.site_id, "Harbour office")
    publish(publishing, '{"scan": {"read_minutes": 30}}', scope)
    publishing.publish(publishing.prepare(scope, in_group("north")), actor="test")
    kept = signing_server.read(lambda connection: sites.site_by_id(connection, site.site_id))
    assert kept is not None
    assert kept.group_name == "north"
    assert publishing.in_force(scope) == Wanted({"scan": {"read_minutes": 30}}, {}, "north")
    publish(publishing, "{}", scope)
    assert publishing.in_force(scope).group == "north"
    assert [(group.name, group.sites) for group in signing_server.read(configuration.groups)] == [("north", 1)]
    publishing.publish(publishing.prepare(scope, in_group(None)), actor="test")
    assert signing_server.read(configuration.groups) == []


@pytest.mark.parametrize("name", ["North", "", "-x", "x" * 64, "a b", "../x"])
def test_what_cannot_be_a_group_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="name of a group"):
        group_scope(name)


def test_a_site_is_told_the_marker_of_its_layers_until_it_says_it(signing_server: RunningServer, publishing: Publishing) -> None:
    site, other = enrolled(signing_server, "Mill"), enrolled(signing_server, "Port")
    assert "configuration" not in site.check_in(told()).json()
    scope = site_scope(site.site_id, "Mill")
    publish(publishing, '{"scan": {"read_minutes": 30}}', scope)
    publishing.publish(publishing.prepare(scope, in_group("north")), actor="test")
    publish(publishing, '{"scan": {"read_minutes": 20}}', group_scope("north"))
    rows = signing_server.read(lambda connection: connection.execute(sa.select(configuration_table)).all())
    newest = {row.path: row.sha256 for row in sorted(rows, key=lambda row: row.version)}
    word = site.check_in(told()).json()["configuration"]
    assert word == marker(list(newest.items()))
    assert "configuration" not in site.check_in(told(word)).json()
    assert "configuration" not in other.check_in(told()).json()
    publish(publishing, '{"scan": {"icmp": false}}')
    assert other.check_in(told()).json()["configuration"] != word


def test_an_idle_check_in_by_digest_costs_no_byte_more(signing_server: RunningServer, publishing: Publishing) -> None:
    site = enrolled(signing_server)
    before = len(site.send("/api/v1/checkin", {"unchanged": site.check_in(told()).json()["state_digest"]}).body)
    publish(publishing, '{"scan": {"icmp": false}}')
    word = site.send("/api/v1/checkin", {"unchanged": state_digest(told())}).json()["configuration"]
    digest = site.check_in(told(word, "refused")).json()["state_digest"]
    assert len(site.send("/api/v1/checkin", {"unchanged": digest}).body) == before
    kept = signing_server.read(lambda connection: sites.site_by_id(connection, site.site_id))
    assert kept is not None
    assert kept.configuration_state == "refused"


@pytest.mark.parametrize("state", [{}, told(level="off"), {"configuration": 5}, {"configuration": {"marker": None}}])
def test_a_site_that_would_not_fetch_is_told_nothing(
    signing_server: RunningServer, publishing: Publishing, state: dict[str, Any]
) -> None:
    publish(publishing, '{"scan": {"icmp": false}}')
    assert "configuration" not in enrolled(signing_server).check_in(state).json()


def test_a_site_that_trusts_no_root_is_told_nothing(signing_server: RunningServer, publishing: Publishing) -> None:
    publish(publishing, '{"scan": {"icmp": false}}')
    assert "configuration" not in Site(signing_server).enrol().check_in(told()).json()


def test_an_enrolment_gets_the_root_it_names(signing_server: RunningServer) -> None:
    site, digest = Site(signing_server), signing_server.root_sha256()
    wanted = site.enrolment(signing_server.code()) | {"root_sha256": digest}
    answer = site.send("/api/v1/enrol", wanted, key_id=site.public_key)
    assert answer.status == 201
    assert hashlib.sha256(answer.json()["root"].encode()).hexdigest() == digest
    assert "root" not in site.send("/api/v1/enrol", wanted | {"root_sha256": None}, key_id=site.public_key).json()


def test_a_root_nobody_published_is_refused_and_the_code_is_still_good(signing_server: RunningServer) -> None:
    site, code = Site(signing_server), signing_server.code()
    answer = site.send("/api/v1/enrol", site.enrolment(code) | {"root_sha256": "0" * 64}, key_id=site.public_key)
    assert (answer.status, answer.json()["error"]) == (409, "root_unknown")
    assert site.send("/api/v1/enrol", site.enrolment(code), key_id=site.public_key).status == 201


def test_a_server_without_a_repository_knows_no_root(server: RunningServer) -> None:
    site = Site(server)
    answer = site.send("/api/v1/enrol", site.enrolment(server.code()) | {"root_sha256": "0" * 64}, key_id=site.public_key)
    assert (answer.status, answer.json()["error"]) == (409, "root_unknown")
