"""`dca status`."""

import json

import pytest

from appliance.common.clock import utc_now
from appliance.common.message import message_of
from appliance.settings.layers import GuardrailError
from appliance.settings.store import SettingsStore
from tests.appliance.collector import Site
from tests.appliance.settings.received import configuration, receive


def test_status_of_a_running_collector(ready_site: Site) -> None:
    ready_site.start()
    ready_site.wait_for_scan()
    finished = ready_site.dca("status")
    assert finished.returncode == 0
    assert "4 known, 4 answering" in finished.stdout
    assert "4 of 4 devices read" in finished.stdout
    assert "not enrolled" in finished.stdout
    told = json.loads(ready_site.dca("status", "--json").stdout)
    assert told["collector"]["devices"] == {"known": 4, "answering": 4}
    assert told["supervisor"] is None


def test_status_without_a_collector_is_one_sentence_and_a_failure(site: Site) -> None:
    finished = site.dca("status")
    assert finished.returncode == 1
    assert "The collector is not running" in finished.stderr
    assert "dca run" in finished.stderr
    assert json.loads(site.dca("status", "--json").stdout)["collector"] is None


def refuse(site: Site, settings: dict[str, dict[str, object]]) -> str:
    """Have the site judge a configuration that lies outside its guardrails, as the check for configuration does."""
    store = SettingsStore(site.data / "settings.json", {})
    with pytest.raises(GuardrailError) as caught:
        store.effective_with(configuration(settings, "assigned"))
    text = message_of(caught.value)
    layers = [("config/site/0123.json", 7, "a" * 64)]
    store.change_received(lambda received: received.refused("0123456789abcdef", "guardrails", text, layers, utc_now()))
    return text


@pytest.mark.parametrize(
    "settings",
    [{"scan": {"targets": ["192.168.0.0/24"]}}, {"snmp": {"port": 1161}}, {"store": {"keep_days": 1}}],
)
def test_a_refusal_by_the_guardrails_is_told_by_both_commands(site: Site, settings: dict[str, dict[str, object]]) -> None:
    site.set("guardrails.networks=10.0.0.0/8")
    text = refuse(site, settings)
    for words in (("status",), ("update", "status")):
        finished = site.installed(*words)
        assert text in finished.stdout, words
        assert "config/site/0123.json version 7" in finished.stdout
        assert text in json.loads(site.installed(*words, "--json").stdout)["configuration_rejected"]


def test_what_was_taken_since_is_told_no_more(site: Site) -> None:
    site.set("guardrails.networks=10.0.0.0/8")
    refuse(site, {"scan": {"targets": ["192.168.0.0/24"]}})
    receive(SettingsStore(site.data / "settings.json", {}), {"scan": {"targets": ["10.0.0.0/24"]}})
    assert "was not taken" not in site.dca("status").stdout


@pytest.mark.parametrize(
    ("words", "stream"),
    [(("update", "status"), "stdout"), (("settings", "show"), "stderr"), (("once",), "stderr"), (("scan", "127.0.0.1"), "stderr")],
)
def test_an_unknown_time_zone_is_told_by_every_command_that_goes_by_the_clock(
    site: Site, words: tuple[str, ...], stream: str
) -> None:
    site.variables |= {"TZ": "Europe/Berln", "DCA_SCAN_TARGETS": "127.0.0.1", "DCA_SNMP_TIMEOUT_SECONDS": "0.1"}
    assert "TZ is 'Europe/Berln', which is no time zone known here" in getattr(site.installed(*words), stream)
