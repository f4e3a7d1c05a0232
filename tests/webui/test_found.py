"""Printers beside the ranges on the page Scanning: what is looked for, what waits, and what becomes of it."""

from typing import Any

from tests.webui.conftest import RunningWebUi, StartWebUi
from tests.webui.standins import collector_status

WAITING = [
    {"address": "10.0.9.7", "name": "Acme <b>Laser</b> 7", "by": "dns_sd", "found_at": "2026-11-22T10:00:00Z"},
    {"address": "2001:db8::7", "name": "", "by": "neighbours", "found_at": "2026-11-22T09:00:00Z"},
]


def found(**changes: Any) -> dict[str, Any]:
    """Return what the collector tells of printers beside the ranges."""
    told = {"dns_sd": True, "engines_network": False, "neighbours": True, "new_devices": "ask", "waiting": WAITING}
    return told | {"added": [], "ignored": [], "notes": [], "looked_at": "2026-11-22T10:00:00Z", "looking": False} | changes


def test_nothing_is_looked_for_unless_somebody_switches_it_on(webui: RunningWebUi) -> None:
    admin = webui.admin()
    webui.collector.answers["/v1/found"] = found(dns_sd=False, neighbours=False, waiting=[])
    page = admin.get("/scanning")
    assert "Nothing outside these ranges is ever contacted" in page.shown
    assert 'name="dns_sd" value="on">' in page.text
    assert "Look now" not in page.shown
    assert 'id="found"' not in page.text


def test_what_is_looked_for_is_kept(webui: RunningWebUi) -> None:
    admin = webui.admin()
    credential = {"name": "routers", "version": "2c", "community": "gate"}
    assert admin.post("/scanning/credentials", credential, form_page="/scanning").status == 303
    sent = {"neighbours": "on", "routers": "10.0.0.1\n2001:DB8::1", "router_credential": "routers", "new_devices": "add"}
    assert admin.post("/scanning/finding", sent, form_page="/scanning").status == 303
    scan = webui.store.effective().settings.scan
    assert (scan.dns_sd, scan.neighbours, scan.routers) == (False, True, ("10.0.0.1", "2001:db8::1"))
    assert (scan.router_credential, scan.new_devices) == ("routers", "add")
    page = admin.get("/scanning").shown
    assert "Outside these ranges only what you allow" in page
    assert "routers alone" in page


def test_a_router_has_to_be_an_address(webui: RunningWebUi) -> None:
    admin = webui.admin()
    for wrong in ("router.local", "10.0.0.0/24", "fe80::1", "224.0.0.1"):
        answer = admin.post("/scanning/finding", {"routers": wrong, "new_devices": "ask"}, form_page="/scanning")
        assert answer.status == 422
        assert "Line 1:" in answer.shown


def test_what_waits_is_shown_and_decided_about(webui: RunningWebUi) -> None:
    admin = webui.admin()
    webui.collector.answers["/v1/found"] = found()
    page = admin.get("/scanning")
    assert "Acme &lt;b&gt;Laser&lt;/b&gt; 7" in page.text
    assert "its name is known after the next look" in page.shown
    for fields, expected in (
        ({"add": "10.0.9.7"}, {"add": ["10.0.9.7"]}),
        ({"ignore": "2001:db8::7"}, {"ignore": ["2001:db8::7"]}),
        ({"restore": "10.0.9.9"}, {"restore": ["10.0.9.9"]}),
    ):
        assert admin.post("/scanning/found", fields, form_page="/scanning").status == 303
        assert webui.collector.called("/v1/found")[-1] == expected
    every = [("listed", "10.0.9.7"), ("listed", "2001:db8::7"), ("all", "add")]
    assert admin.post("/scanning/found", every, form_page="/scanning").status == 303
    assert webui.collector.called("/v1/found")[-1] == {"add": ["10.0.9.7", "2001:db8::7"]}


def test_why_a_decision_was_refused_is_told(webui: RunningWebUi) -> None:
    admin = webui.admin()
    webui.collector.refusals["/v1/found"] = "10.0.9.7 is none of the printers that were found."
    admin.post("/scanning/found", {"add": "10.0.9.7"}, form_page="/scanning")
    assert "none of the printers that were found" in admin.get("/scanning").shown


def test_those_that_were_decided_about_can_be_brought_back(webui: RunningWebUi) -> None:
    admin = webui.admin()
    webui.collector.answers["/v1/found"] = found(waiting=[], added=["10.0.9.1"], ignored=["10.0.9.2", "10.0.9.3"])
    page = admin.get("/scanning")
    assert "Added (1)" in page.shown
    assert "Ignored (2)" in page.shown
    assert 'name="restore" value="10.0.9.3"' in page.text
    assert "Nothing waits for a decision." in page.shown


def test_a_network_of_the_container_engine_and_what_was_left_out_are_explained(webui: RunningWebUi) -> None:
    admin = webui.admin()
    look = {"text": "2 new printers among 40 addresses"}
    notes = [{"text": "The neighbour table of 10.0.0.1 has more than 65536 rows. Those behind were left out."}]
    webui.collector.answers["/v1/found"] = found(engines_network=True, notes=notes, last_look=look)
    page = admin.get("/scanning").shown
    assert "a network that its container engine has made" in page
    assert "more than 65536 rows" in page
    assert "Last look: 2 new printers among 40 addresses." in page


def test_a_look_can_be_asked_for(webui: RunningWebUi) -> None:
    admin = webui.admin()
    webui.collector.answers["/v1/found"] = found()
    assert admin.post("/scanning/look", {}, form_page="/scanning").status == 303
    assert webui.collector.called("/v1/found/look") == [{}]


def test_of_very_many_a_part_is_shown(webui: RunningWebUi) -> None:
    admin = webui.admin()
    many = [WAITING[0] | {"address": f"10.1.{number >> 8}.{number & 255}"} for number in range(1000)]
    webui.collector.answers["/v1/found"] = found(waiting=many)
    page = admin.get("/scanning")
    assert "100 of 1000 are shown" in page.shown
    assert page.text.count('name="ignore"') == 100


def test_the_overview_says_that_something_waits(webui: RunningWebUi) -> None:
    admin = webui.admin()
    webui.collector.status = collector_status(found_waiting=2)
    assert "2 printers were found beside the ranges and wait for your decision." in admin.get("/").shown


def test_what_the_environment_fixes_is_locked(start_webui: StartWebUi) -> None:
    webui = start_webui(DCA_DNS_SD="on", DCA_NEW_DEVICES="add", DCA_ROUTERS="10.0.0.1")
    page = webui.admin().get("/scanning")
    assert "Fixed by DCA_DNS_SD" in page.shown
    assert "Fixed by DCA_ROUTERS" in page.shown
