"""Targets that name a printer by where it serves IPP: how they are written, and who may name which."""

from pathlib import Path

import pytest

from appliance.common.errors import SettingsError
from appliance.discovery.targets import TargetSet
from appliance.settings.document import Document, DocumentError, parse_document, write_document
from appliance.settings.ipp_targets import check_scan_place, parse_ipp_target
from appliance.settings.layers import GuardrailError, beyond_guardrails
from appliance.settings.store import SettingsStore
from tests.appliance.settings.received import configuration

USB, QUEUE = "ipp://localhost:60000/ipp/print", "ipp://localhost/printers/office"


@pytest.fixture
def store(tmp_path: Path) -> SettingsStore:
    return SettingsStore(tmp_path / "settings.json", {})


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (USB, USB),
        ("ipp://localhost:631/printers/office", QUEUE),
        (" IPPS://Print.Example:8443/printers/Third%20Floor ", "ipps://print.example:8443/printers/Third%20Floor"),
        ("ipp://10.0.0.7", "ipp://10.0.0.7/ipp/print"),
        ("ipp://[FE80:0::7]:631/", "ipp://[fe80::7]/"),
        ("ipp://localhost/printers/Büro,1", "ipp://localhost/printers/B%C3%BCro%2C1"),
    ],
)
def test_it_is_kept_in_one_form(written: str, kept: str) -> None:
    assert check_scan_place(written) == kept
    assert parse_ipp_target(kept).uri == kept


@pytest.mark.parametrize(
    "text",
    [
        *("ipp://", "ipp:///ipp/print", "ipp://h:0/x", "ipp://h:70000/x", "ipp://h:x/", "ipp://10.0.0/x", "ipp://[::1/x"),
        *(
            "ipp://h/x?waitjob=false",
            "ipp://h/x#y",
            "ipp://h h/x",
            "ipp://h/a b",
            "ipp://h/../x",
            "ipp://224.0.0.1/x",
            "ipp://0.0.0.0/",
        ),
        *("http://printer/", "lpd://printer/queue", "socket://printer:9100"),
    ],
)
def test_what_is_none_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no printer that can be asked\. Write ipp://HOST:PORT/PATH"):
        check_scan_place(text)


def test_a_password_is_not_repeated() -> None:
    with pytest.raises(ValueError, match="nobody logs in to a device") as refused:
        check_scan_place("ipp://admin:hunter2@printer.example/ipp/print")
    assert "hunter2" not in str(refused.value)


def test_the_admin_of_the_site_may_name_any_port_but_those_of_printing(store: SettingsStore) -> None:
    store.change_site({"scan": {"targets": ["10.0.0.0/24", USB, "ipp://localhost:60000/ipp/print"]}})
    assert store.effective().settings.scan.targets == ("10.0.0.0/24", USB, USB)
    with pytest.raises(SettingsError, match=r"scan\.targets\.0: .*port 9100, a port of printing"):
        store.change_site({"scan": {"targets": ["ipp://10.0.0.7:9100/ipp/print"]}})


REFUSED = {
    "ipp://10.0.0.7:60000/ipp/print": "port 60000 is not one that devices are asked at",
    "ipps://printer.example:8631/ipp/print": "port 8631 is not one that devices are asked at",
    USB: "it is the machine of the appliance itself",
    QUEUE: "it is the machine of the appliance itself",
    "ipp://127.0.0.9/ipp/print": "it is the machine of the appliance itself",
    "ipp://[::1]/ipp/print": "it is the machine of the appliance itself",
    "ipp://[::ffff:127.0.0.1]/ipp/print": "it is the machine of the appliance itself",
    "ipp://10.0.0.7:80/set_config": "its path is not one of IPP",
    "ipp://10.0.0.7/ipp/%2e%2e/%2E%2E/set": "its path is not one of IPP",
}


@pytest.mark.parametrize(("target", "reason"), REFUSED.items(), ids=REFUSED.keys())
def test_the_hosting_server_may_not_name_what_is_the_sites_alone(store: SettingsStore, target: str, reason: str) -> None:
    settings = {"scan": {"targets": ["10.0.0.0/24", target]}}
    with pytest.raises(GuardrailError, match=f"{reason}.*Only the admin of the site may name it"):
        store.effective_with(configuration(settings))
    with pytest.raises(DocumentError, match=reason) as refused:
        parse_document(write_document(Document(1, settings)), "global")
    assert refused.value.reason == "site only"


@pytest.mark.parametrize("target", ["ipp://10.0.0.7/printers/office", "ipps://printer.example:443/ipp/print", "ipp://10.0.0.7/ipp"])
def test_it_may_name_what_a_scan_would_ask_anyway(store: SettingsStore, target: str) -> None:
    settings = {"scan": {"targets": [target]}}
    assert store.effective_with(configuration(settings)).settings.scan.targets == (target,)
    assert parse_document(write_document(Document(1, settings)), "global").settings == settings


def test_the_guardrails_hold_for_the_host(store: SettingsStore) -> None:
    with pytest.raises(GuardrailError, match="outside the networks the site allows"):
        store.effective_with(configuration({"scan": {"targets": ["ipp://198.51.100.7/ipp/print"]}}))
    store.change_site({"guardrails": {"networks": ["10.0.0.0/24"]}, "scan": {"targets": [USB, "ipp://10.0.9.7/ipp/print"]}})
    [warning] = beyond_guardrails(store.effective())
    assert "ipp://10.0.9.7/ipp/print" in warning
    with pytest.raises(SettingsError, match=r"ipp://10\.0\.9\.7/ipp/print: outside the networks"):
        TargetSet.parse(["ipp://10.0.9.7/ipp/print"], (), ["10.0.0.0/24"])


def test_exclusions_are_addresses() -> None:
    with pytest.raises(SettingsError, match=r"scan\.exclude: 'ipp://10\.0\.0\.7/' is no range of addresses"):
        TargetSet.parse(["10.0.0.0/24"], ["ipp://10.0.0.7/"])
