"""The signed configuration on the pages: what came, what it changed, and what a person may do about it."""

import io
import re
import tarfile

from tests.webui.conftest import RunningWebUi, StartWebUi
from tests.webui.received import SIGNED_BY, receive, refuse
from tests.webui.standins import collector_status, supervisor_status
from tests.webui.visitor import Answer

QUIET = {
    "code": "deactivated",
    "text": "The hosting server has deactivated this site.",
    "since": "2026-11-22T09:00:00Z",
    "next_check_in_at": "2026-11-23T09:00:00Z",
}


def hosting(**changes: object) -> dict[str, object]:
    """Return the `Hosting` of a site that is enrolled with a root of trust."""
    return dict(collector_status()["hosting"]) | {"root_sha256": "ab" * 32, "quiet": None} | changes


def update(**changes: object) -> dict[str, object]:
    """Return the `update` of an idle supervisor."""
    checked = {"at": "2026-11-25T10:00:00Z", "ok": True, "reason": "", "text": "Nothing new was published."}
    return (
        dict(supervisor_status()["update"])
        | {
            "checking": False,
            "last_check": checked,
            "next_check_at": "2026-11-26T09:00:00Z",
            "trial_until": None,
        }
        | changes
    )


def test_a_site_that_received_nothing_says_so_and_what_its_level_means(webui: RunningWebUi) -> None:
    webui.collector.status = collector_status(hosting=hosting())
    webui.supervisor.status = supervisor_status(update=update())
    shown = webui.admin().get("/health").shown
    assert "Settings of the hosting server Nothing received yet" in shown
    assert "Signed settings are fetched, checked, watched for two minutes, and kept or taken back." in shown
    assert "Nothing new was published." in shown
    assert "Check now" in shown
    assert "Go back" not in shown


def test_what_is_in_force_is_shown_with_version_signers_and_what_it_sets(webui: RunningWebUi) -> None:
    receive(webui.store)
    webui.collector.status = collector_status(hosting=hosting())
    shown = webui.admin().get("/health").shown
    assert "Settings of the hosting server In force" in shown
    for document in (
        "For all sites config/global/all.json 4",
        "For the group schools config/group/schools.json 2",
        "For this site config/site/site-7.json 9",
    ):
        assert document in shown
    assert SIGNED_BY in shown
    assert "scan.targets 10.1.0.0/24" in shown
    assert "snmp.retries 2" in shown


def test_each_outcome_shows_the_difference_it_made_and_each_refusal_its_reason(webui: RunningWebUi) -> None:
    receive(webui.store)
    refuse(webui.store)
    shown = webui.admin().get("/health").shown
    assert "The newest was refused" in shown
    assert "Refused" in shown
    assert "outside the limits of this site" in shown
    assert "10.9.0.0/24 lies outside the networks the site allows" in shown
    assert "scan.read_minutes 30 45" in shown
    assert "scan.read_minutes 60 30" in shown
    assert "config/global/all.json, version 5, SHA-256 cccccccccccccccc" in shown


def test_a_trial_shows_its_end_and_updates_itself(webui: RunningWebUi) -> None:
    receive(webui.store, kept=False)
    webui.supervisor.status = supervisor_status(update=update(trial_until="2026-11-25T10:02:00Z"))
    admin = webui.admin()
    answer = admin.get("/health")
    assert "On trial" in answer.shown
    assert "Being watched" in answer.shown
    assert 'datetime="2026-11-25T10:02:00Z"' in answer.text
    [part] = [link for link in answer.links if link.startswith("/health/configuration?seen=")]
    again = admin.get(part, {"HX-Request": "true"})
    assert "On trial" in again.shown
    assert "HX-Trigger" not in again.headers
    refuse(webui.store)
    later = admin.get(part, {"HX-Request": "true"})
    assert later.headers["HX-Trigger"] == "configuration-changed"
    assert "10.9.0.0/24 lies outside" in admin.get("/health/configuration/received", {"HX-Request": "true"}).shown


def test_looking_now_is_asked_of_the_supervisor_and_its_refusal_is_told(webui: RunningWebUi) -> None:
    admin = webui.admin()
    assert admin.post("/health/configuration/check").location == "/health#configuration"
    assert webui.supervisor.called("/v1/update/check") == [{}]
    assert "It is being looked for." in admin.get("/health").shown
    webui.supervisor.refusals["/v1/update/check"] = "The intelligent update is off."
    admin.post("/health/configuration/check")
    assert "The intelligent update is off." in admin.get("/health").shown


def test_going_back_names_what_one_goes_back_to_and_asks_first(webui: RunningWebUi) -> None:
    receive(webui.store)
    webui.supervisor.answers["/v1/update/back"] = {"text": "The configuration before is in force again."}
    admin = webui.admin()
    page = admin.get("/health")
    [question] = re.findall(r'action="/health/configuration/back" data-confirm="([^"]+)"', page.text)
    assert "config/global/all.json 3" in question
    assert admin.post("/health/configuration/back").location == "/health#configuration"
    assert webui.supervisor.called("/v1/update/back") == [{}]
    assert "The configuration before is in force again." in admin.get("/health").shown


def test_with_updates_off_the_page_says_that_nothing_is_fetched(start_webui: StartWebUi) -> None:
    webui = start_webui(DCA_UPDATE="off")
    shown = webui.admin().get("/health").shown
    assert "Settings of the hosting server Switched off" in shown
    assert "Off: nothing is fetched." in shown


def test_an_enrolment_without_a_root_is_told_on_both_pages(webui: RunningWebUi) -> None:
    webui.collector.status = collector_status(hosting=hosting(root_sha256=None))
    admin = webui.admin()
    for path in ("/health", "/settings"):
        assert "named no root of trust, so signed settings are not taken" in admin.get(path).shown
    webui.collector.status = collector_status(hosting=hosting())
    for path in ("/health", "/settings"):
        assert "named no root of trust" not in admin.get(path).shown


def test_what_lies_outside_the_limits_by_now_is_told(webui: RunningWebUi) -> None:
    receive(webui.store)
    admin = webui.admin()
    assert (
        admin.post("/settings/guardrails", {"networks": "192.168.0.0/16", "packets_per_second": "500", "snmp_ports": "161"}).status
        == 303
    )
    assert "What was received is not in force any more" in admin.get("/health").shown


def test_the_limits_of_the_site_are_kept_and_explained(webui: RunningWebUi) -> None:
    admin = webui.admin()
    assert "has to stay within these limits; else it is refused as a whole" in admin.get("/settings").shown
    sent = {"networks": "10.1.0.0/16\n10.2.0.0/16", "packets_per_second": "500", "snmp_ports": "161\n1161"}
    assert admin.post("/settings/guardrails", sent).location == "/settings#guardrails"
    kept = webui.store.effective().settings.guardrails
    assert kept.networks == ("10.1.0.0/16", "10.2.0.0/16")
    assert (kept.packets_per_second, kept.snmp_ports) == (500, (161, 1161))
    assert "The limits are kept." in admin.get("/settings").shown


def test_limits_that_cannot_be_used_are_refused_by_line(webui: RunningWebUi) -> None:
    sent = {"networks": "10.1.0.0/16\n10.2.0.300", "packets_per_second": "many", "snmp_ports": "161\n70000"}
    answer = webui.admin().post("/settings/guardrails", sent)
    assert answer.status == 422
    assert "Line 2: '10.2.0.300' is no range of addresses" in answer.shown
    assert "Write a whole number" in answer.shown
    assert "Line 2: The value must be at most 65535" in answer.shown


def test_a_value_of_the_hosting_server_says_for_whom_it_was_set(webui: RunningWebUi) -> None:
    receive(webui.store)
    shown = webui.admin().get("/scanning").shown
    assert "Set by the hosting server, for this site" in shown
    assert "Set by the hosting server, for all sites" in shown
    webui.store.change_site({"scan": {"read_minutes": 20, "targets": ["10.1.0.0/24"]}})
    assert "Set by the hosting server" not in webui.admin().get("/scanning").shown


def banner(answer: Answer) -> bool:
    return "has deactivated this site." in answer.shown and "Readings are taken and kept here" in answer.shown


def test_a_quiet_site_says_so_and_checks_in_when_a_person_asks(webui: RunningWebUi) -> None:
    webui.collector.status = collector_status(hosting=hosting(quiet=QUIET, last_error="has deactivated this site."))
    webui.collector.answers["/v1/check-in"] = {"text": "The hosting server has answered."}
    admin = webui.admin()
    overview = admin.get("/")
    assert "Quiet" in overview.shown
    assert banner(overview)
    assert banner(admin.get("/settings"))
    assert "/settings/check-in" in overview.links
    assert admin.post("/settings/check-in").location == "/settings#hosting"
    assert webui.collector.called("/v1/check-in") == [{}]
    assert "The hosting server has answered." in admin.get("/settings").shown
    webui.collector.refusals["/v1/check-in"] = "The hosting server has deactivated this site."
    admin.post("/settings/check-in")
    webui.collector.status = collector_status(hosting=hosting())
    assert "The hosting server has deactivated this site." in admin.get("/settings").shown
    assert not banner(admin.get("/"))


def test_the_support_bundle_is_downloaded_without_secrets(webui: RunningWebUi) -> None:
    webui.store.change_site({"snmp": {"credentials": [{"name": "one", "community": "planted-community"}]}})
    admin = webui.admin()
    assert "/health/support-bundle" in admin.get("/health").links
    content, headers = admin.download("/health/support-bundle")
    assert headers["Content-Type"] == "application/gzip"
    assert re.fullmatch(r'attachment; filename="dca-support-[0-9]{8}-[0-9]{6}\.tar\.gz"', headers["Content-Disposition"])
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        names = archive.getnames()
        texts = [archive.extractfile(name).read() for name in names]  # type: ignore[union-attr]
    assert "dca-support/settings.json" in names
    assert b"planted-community" not in b"".join(texts)
    assert b'"component": "collector"' in b"".join(texts)
    assert webui.visitor().get("/health/support-bundle").location.startswith("/login")


def test_whether_the_hosting_team_may_ask_for_a_bundle_is_set_with_the_masks(webui: RunningWebUi) -> None:
    admin = webui.admin()
    assert "that is not allowed in the privacy settings" in admin.get("/health").shown
    masks = dict.fromkeys(("ip_address", "host_name", "mac", "location", "asset_number", "console"), "send")
    assert admin.post("/settings/privacy", masks | {"phone_numbers": "mask", "support_bundle": "on"}).status == 303
    assert webui.store.effective().settings.privacy.support_bundle
    assert "that is allowed in the privacy settings" in admin.get("/health").shown
    admin.post("/settings/privacy", masks | {"phone_numbers": "mask"})
    assert not webui.store.effective().settings.privacy.support_bundle


def test_what_definitions_ask_of_which_devices_and_as_what_is_listed(webui: RunningWebUi) -> None:
    asked = [
        {"name": "acmeSerial", "oid": "1.3.6.1.4.1.32473.1.2.0", "gives": ["device.serial"]},
        {"name": "acmeCount.label", "oid": "1.3.6.1.4.1.32473.5.1.2", "gives": ["the label of acmeCount"]},
        {"name": "acmeToner", "oid": "1.3.6.1.4.1.32473.1.3.0", "gives": ["a supply"]},
    ]
    told = {"vendor": "Acme", "devices": ["Acme", "sysObjectID 1.3.6.1.4.1.32473", "^AX-<2>"], "objects": asked}
    told["documents"] = [{"name": "acme usage", "path": "/usage/counters.json", "gives": ["meters.total", "a tray"]}]
    webui.collector.answers["/v1/definitions"] = {
        "definitions": [{**told, "file": "/data/own.toml", "origin": "site"}, {**told, "file": "acme.toml", "origin": "hosting"}],
        "left_out": [],
    }
    admin = webui.admin()
    for path in ("/health", "/health/configuration/received"):
        shown = admin.get(path).shown
        assert "Of the hosting server acme.toml 4 objects" in shown
        assert "For devices known by: Acme sysObjectID 1.3.6.1.4.1.32473 ^AX-<2>" in shown
        assert "acmeSerial 1.3.6.1.4.1.32473.1.2.0 device.serial" in shown
        assert "1.3.6.1.4.1.32473.5.1.2 what its rows are found by; it is not sent" in shown
        assert "1.3.6.1.4.1.32473.1.3.0 an amount, state or name of a supply" in shown
        assert "acme usage /usage/counters.json meters.total a paper tray: its name, media and amount" in shown
        assert shown.index("Of the hosting server acme.toml") < shown.index("Of this site /data/own.toml")
    webui.collector.answers.clear()
    assert "What vendor definitions ask for" not in admin.get("/health").shown


def test_a_site_says_that_it_takes_no_definitions(webui: RunningWebUi) -> None:
    admin = webui.admin()
    sent = {"networks": "", "packets_per_second": "500", "snmp_ports": "161", "definitions": "none"}
    assert admin.post("/settings/guardrails", sent).location == "/settings#guardrails"
    assert webui.store.effective().settings.guardrails.definitions == "none"
    assert re.search(r'name="definitions" value="none" checked', admin.get("/settings").text)
    assert admin.post("/settings/guardrails", sent | {"definitions": "some"}).status == 422
    assert webui.store.effective().settings.guardrails.definitions == "none"
    assert admin.post("/settings/guardrails", sent | {"definitions": "any"}).status == 303
    assert webui.store.effective().settings.guardrails.definitions == "any"


def test_where_the_environment_says_so_the_page_cannot(start_webui: StartWebUi) -> None:
    webui = start_webui(DCA_GUARDRAIL_DEFINITIONS="none")
    admin = webui.admin()
    assert "Fixed by DCA_GUARDRAIL_DEFINITIONS" in admin.get("/settings").shown
    admin.post("/settings/guardrails", {"packets_per_second": "500", "snmp_ports": "161", "definitions": "any"})
    assert "guardrails" not in webui.store.layer("site") or "definitions" not in webui.store.layer("site")["guardrails"]
