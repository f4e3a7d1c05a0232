"""Attacks on what definitions may ask of web documents: nothing but what is listed of a vendor, each as what it means."""

import pytest

from appliance.reading.definitions.definitions import builtin_definitions
from appliance.reading.definitions.permitted_documents import meanings_of, why_not
from tests.appliance.definitions.device import HEAD, refusal

COUNTERS = "/sws/app/information/counters/counters.json"


def definition(
    path: str,
    what: str = 'field = [{ at = "/total", gives = "meters.total" }]',
    *,
    enterprise: int = 32473,
    kind: str = "json",
    more: str = "",
) -> str:
    """Return a definition of a vendor with this enterprise number that asks for one document."""
    head = HEAD.replace("32473", str(enterprise))
    document = f'name = "wanted"\nfamily = "f"\npath = "{path}"\nformat = "{kind}"\nevidence = "A"\n'
    return f"{head}\n[[web_document]]\n{document}{more}\n{what}\n"


def test_what_comes_with_the_program_is_held_to_the_same() -> None:
    asked = 0
    for each in builtin_definitions().definitions:
        for document in each.content.web_documents:
            asked += 1
            assert list(why_not(document, each.content.enterprises)) == []
    assert asked >= 10


@pytest.mark.parametrize(
    ("path", "enterprise"),
    [
        ("/DevMgmt/ProductUsageDyn.xml", 2435),
        ("/etc/mnt_info.csv", 11),
        ("/etc/mnt_info.csv.bak", 2435),
        ("/cdm/system/v1/identity2", 11),
        ("/cdm/print/v2/status", 11),
        ("/cdm/alert/v1/alerts", 11),
        ("/sws/app/information/activealert/activealert.json", 236),
        ("/status", 1602),
    ],
)
def test_a_document_that_is_not_listed_of_the_vendor_is_refused(path: str, enterprise: int) -> None:
    sentence = refusal(definition(path, enterprise=enterprise))
    assert "web_document.0.path: " in sentence
    assert "not among the documents" in sentence or "never asked for" in sentence
    assert meanings_of(path, frozenset({enterprise})) == frozenset()


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/jobs/list.json", "jobs"),
        ("/cdm/jobTicket/v1/tickets", "jobs"),
        ("/usage/printJobs.json", "jobs"),
        ("/users/all.json", "users"),
        ("/usage/byUser.json", "users"),
        ("/addressbook.csv", "address books"),
        ("/contacts/export.csv", "address books"),
        ("/phonebook.xml", "address books"),
        ("/DevMgmt/EventLogDyn.xml", "logs"),
        ("/usage/history.csv", "logs"),
        ("/security/passwords.json", "secrets"),
        ("/admin/status.json", "administration"),
        ("/cdm/network/v1/config.json", "networks"),
        ("/status/reset", "commands"),
        ("/supplies/print.cgi", "commands"),
    ],
)
def test_paths_of_jobs_users_address_books_and_logs_are_refused_by_name(path: str, told: str) -> None:
    assert f"documents of {told} are never asked for" in refusal(definition(path))


@pytest.mark.parametrize(
    "path",
    [
        "usage",
        "/",
        "//evil.example/usage",
        "http://evil.example/usage",
        "/usage?reset=1",
        "/usage#x",
        "/usage/../admin",
        "/usage/./a",
        "/usage/%2e%2e/a",
        "/usage;a=b",
        "/us age",
        "/usage/",
        "/usage\\\\a",
        "/" + "a" * 300,
        "/usage/é",
    ],
)
def test_what_is_no_plain_path_is_refused(path: str) -> None:
    sentence = refusal(definition(path))
    assert "web_document.0.path: " in sentence or "is not TOML" in sentence


@pytest.mark.parametrize(
    ("pointer", "gives"),
    [
        ("/identity/admin_email", "device.serial"),
        ("/identity/admin_phone", "meters.total"),
        ("/identity/adminphone", "meters.total"),
        ("/identity/ip_addr", "device.serial"),
        ("/identity/mac_addr", "device.serial"),
        ("/Contact", "device.location"),
        ("/user/serial", "device.serial"),
        ("/jobUsage/printJobCount", "meters.print_total"),
        ("/wifi/ssid_serial", "device.serial"),
        ("/secretPin", "meters.total"),
        ("/whatever", "device.serial"),
        ("/whatever", "device.firmware"),
        ("/note", "device.location"),
        ("/note", "device.description"),
        ("/owner/asset", "device.asset_number"),
    ],
)
def test_nothing_goes_out_from_a_place_that_tells_of_people_or_may_be_any_text(pointer: str, gives: str) -> None:
    sentence = refusal(definition("/info/a.json", f'field = [{{ at = "{pointer}", gives = "{gives}" }}]'))
    assert "web_document.0.field.0.at" in sentence
    assert "never asked for" in sentence or "it may be any text" in sentence


@pytest.mark.parametrize(
    "supply",
    [
        'each = "/users"\ntype = "toner"\nat = { level = "/level" }',
        'each = "/list"\ntype = "toner"\nat = { serial = "/note" }',
        'each = "/list"\ntype = "toner"\nat = { part_number = "/email" }',
        'each = "/list"\ntype = "toner"\nat = { description = "/comment" }',
    ],
)
def test_the_words_of_a_supply_come_from_where_such_words_are(supply: str) -> None:
    assert "web_document.0.supply.0.at." in refusal(definition("/info/a.json", f"[[web_document.supply]]\n{supply}"))


@pytest.mark.parametrize(
    ("path", "enterprise", "what", "sentence"),
    [
        (COUNTERS, 236, '[[web_document.supply]]\ntype = "toner"\nat = { level = "/l" }', "a supply takes a document of supplies"),
        (
            "/DevMgmt/ProductUsageDyn.xml",
            11,
            'field = [{ at = "/serial", gives = "device.serial" }]',
            "takes a document of identity",
        ),
        ("/cdm/system/v1/identity", 11, 'field = [{ at = "/total", gives = "meters.total" }]', "a document of meters"),
        ("/etc/mnt_info.csv", 2435, '[[web_document.tray]]\nat = { name = "/Tray" }', "a tray takes a document of trays"),
    ],
)
def test_a_document_gives_what_it_means(path: str, enterprise: int, what: str, sentence: str) -> None:
    kinds = {"csv": ("csv", ""), "xml": ("xml", 'root = "ProductUsageDyn"')}
    kind, more = kinds.get(path.rpartition(".")[2], ("json", ""))
    assert sentence in refusal(definition(path, what, enterprise=enterprise, kind=kind, more=more))


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ('field = [{ at = "total", gives = "meters.total" }]', "a pointer begins with a slash"),
        ('field = [{ at = "/a~2", gives = "meters.total" }]', "write ~1 for a slash"),
        (f'field = [{{ at = "{"/a" * 50}", gives = "meters.total" }}]', "at most 200 characters and 12 names"),
        ('field = [{ gives = "meters.total" }]', "write with `at` where the value is"),
        ('field = [{ at = "/a", gives = "device.mac" }]', "a document gives device.serial"),
        ('field = [{ at = "/a", gives = "misc.unproven" }]', "a document gives device.serial"),
        ('field = [{ sum = ["/a", "/b"], gives = "misc.sum" }]', "only meters add up"),
        ('field = [{ at = "/a", gives = "meters.total", pattern = "(((a{1,99}){1,99}){1,99})" }]', "pattern"),
        ("", "write with field, supply or tray what it gives"),
        ('root = "a"\nfield = [{ at = "/a", gives = "meters.total" }]', "root: write the name of the root element for xml"),
        ('[[web_document.supply]]\nwhen = { "x" = "1" }\nat = { level = "/l" }', "a pointer begins with a slash"),
        ("field = [" + '{ at = "/a", gives = "meters.total" },' * 101 + "]", "at most 100"),
    ],
)
def test_what_is_written_wrong_is_told_with_its_place(what: str, sentence: str) -> None:
    refused = refusal(definition("/info/a.json", what))
    assert refused.startswith("acme.toml, line ")
    assert sentence in refused


def test_a_vendor_that_is_not_listed_has_no_documents() -> None:
    assert "known of this vendor (none)" in refusal(definition("/usage/counters.json", enterprise=999))
