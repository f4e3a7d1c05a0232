"""Enrolment strings, the site's key, and what is kept of an enrolment."""

import os
import stat
from pathlib import Path

import pytest

from appliance.common.errors import DataFolderError, HostingError, RefusedError, SettingsError
from appliance.common.paths import Paths
from appliance.settings.configuration_state import Configuration, Received, ReceivedLayer
from appliance.settings.document import GLOBAL_PATH
from appliance.settings.store import SettingsStore
from appliance.transmission.enrolment import enrol_site, open_client, parse_enrolment, registration
from appliance.transmission.site_key import KEY_FILE, load_key, load_or_make_key
from tests.appliance.hosting_peer import Decided
from tests.appliance.transmission.peer import Reply, answering_raw, serving

CODE = "K7QX-9M2P-4TZD"


@pytest.fixture
def trust(tmp_path: Path) -> Path:
    return tmp_path / "trust"


@pytest.fixture
def settings(tmp_path: Path) -> SettingsStore:
    return SettingsStore(tmp_path / "settings.json", {})


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (f"https://hosting.example.com#enrol={CODE}", "https://hosting.example.com"),
        (f"  https://hosting.example.com:8443/dca/#enrol={CODE}\n", "https://hosting.example.com:8443/dca"),
        (f"HTTPS://Hosting.Example.COM#enrol={CODE}", "https://hosting.example.com"),
        (f"http://[::1]:8080#enrol={CODE}", "http://[::1]:8080"),
    ],
)
def test_an_enrolment_string_has_an_address_and_a_code(text: str, url: str) -> None:
    parsed = parse_enrolment(text)
    assert (parsed.url, parsed.code, parsed.root_sha256) == (url, CODE, None)


def test_an_enrolment_string_may_name_the_root_of_trust() -> None:
    parsed = parse_enrolment(f"https://hosting.example.com#enrol={CODE}&root={'AB' * 32}")
    assert parsed.root_sha256 == "ab" * 32


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        CODE,
        "https://hosting.example.com",
        "https://hosting.example.com#enrol=",
        f"https://hosting.example.com?enrol={CODE}",
        f"https://hosting.example.com#enrol={CODE}&enrol={CODE}",
        f"https://hosting.example.com#enrol={CODE} x",
        f"https://hosting.example.com#enrol={CODE}&root=abc",
        f"https://user:word@hosting.example.com#enrol={CODE}",
        f"https://hosting.example.com:99999#enrol={CODE}",
        f"https://[::1#enrol={CODE}",
        f"ftp://hosting.example.com#enrol={CODE}",
        f"https://#enrol={CODE}",
        f"//hosting.example.com#enrol={CODE}",
    ],
)
def test_what_is_no_enrolment_string_is_told_without_repeating_the_code(text: str) -> None:
    with pytest.raises(SettingsError, match="This is no enrolment string: ") as caught:
        parse_enrolment(text)
    assert CODE not in str(caught.value)
    assert "https://hosting.example.com#enrol=CODE" in str(caught.value)


def test_the_code_is_in_no_repr() -> None:
    assert CODE not in repr(parse_enrolment(f"https://hosting.example.com#enrol={CODE}"))


def test_the_key_is_made_once_for_the_user_alone(trust: Path) -> None:
    assert load_key(trust) is None
    made = load_or_make_key(trust)
    assert load_or_make_key(trust).private_bytes_raw() == made.private_bytes_raw()
    assert stat.S_IMODE((trust / KEY_FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_damaged_key_is_never_replaced_silently(trust: Path, content: bytes) -> None:
    trust.mkdir()
    (trust / KEY_FILE).write_bytes(content)
    with pytest.raises(SettingsError, match="is damaged"):
        load_or_make_key(trust)
    assert (trust / KEY_FILE).read_bytes() == content


def test_a_key_that_cannot_be_written_names_the_folder() -> None:
    with pytest.raises(DataFolderError, match=r"The request key cannot be written to /proc/trust/request\.key"):
        load_or_make_key(Path("/proc/trust"))


def test_enrolling_keeps_address_and_site_and_the_code_nowhere(trust: Path, settings: SettingsStore, tmp_path: Path) -> None:
    settings.change_site({"site": {"name": "Office"}})
    with serving(lambda _: Reply({"site_id": "site-7"}, 201)) as peer:
        made = enrol_site(f"{peer.url}#enrol={CODE}", trust, settings)
        assert peer.received[0].content["site_name"] == "Office"
    assert (made.url, made.site_id) == (peer.url, "site-7")
    assert registration(SettingsStore(tmp_path / "settings.json", {})) == made
    for folder, _, names in os.walk(tmp_path):
        for name in names:
            assert CODE.encode() not in Path(folder, name).read_bytes(), name


def test_an_enrolled_site_signs_with_its_key_and_site_id(trust: Path, settings: SettingsStore) -> None:
    with serving(lambda _: Reply({"site_id": "site-7", "server_time": "2026-11-22T10:00:00Z"})) as peer:
        enrol_site(f"{peer.url}#enrol={CODE}", trust, settings)
        client = open_client(trust, settings)
        assert client is not None
        with client:
            client.check_in({})
    key = load_key(trust)
    assert key is not None
    peer.received[1].verify("http", "site-7", key.public_key())


def test_the_setting_of_the_address_stands_above_the_enrolment(trust: Path, settings: SettingsStore) -> None:
    with serving(lambda _: Reply({"site_id": "site-7"})) as peer:
        enrol_site(f"{peer.url}#enrol={CODE}", trust, settings)
    settings.change_site({"hosting": {"url": "https://moved.example"}})
    client = open_client(trust, settings)
    assert client is not None
    with client:
        assert client.url == "https://moved.example"


def test_a_site_that_is_not_enrolled_has_no_client(trust: Path, settings: SettingsStore) -> None:
    assert registration(settings) is None
    assert open_client(trust, settings) is None


def test_a_missing_key_of_an_enrolled_site_is_told(trust: Path, settings: SettingsStore) -> None:
    with serving(lambda _: Reply({"site_id": "site-7"})) as peer:
        enrol_site(f"{peer.url}#enrol={CODE}", trust, settings)
    (trust / KEY_FILE).unlink()
    with pytest.raises(SettingsError, match=r"request key of this site is missing.*enrol the site again"):
        open_client(trust, settings)


def test_a_refused_enrolment_changes_nothing(trust: Path, settings: SettingsStore) -> None:
    with serving(lambda _: Reply({"site_id": "site-7"})) as peer:
        before = enrol_site(f"{peer.url}#enrol={CODE}", trust, settings)
    with serving(lambda _: Reply({"error": "code_invalid", "message": "No."}, 403)) as peer, pytest.raises(RefusedError):
        enrol_site(f"{peer.url}#enrol={CODE}", trust, settings)
    assert registration(settings) == before


ROOT = '{"signed": {"_type": "root", "note": "Größe"}, "signatures": []}\n'


def test_the_root_of_trust_is_asked_for_and_kept_as_it_was_published(trust: Path, settings: SettingsStore, tmp_path: Path) -> None:
    decided = Decided(root=ROOT)
    with serving(decided.answer) as peer:
        made = enrol_site(f"{peer.url}#enrol={CODE}&root={decided.root_sha256}", trust, settings)
        assert peer.received[0].content["root_sha256"] == decided.root_sha256
    folder = Paths(data=tmp_path, run=tmp_path / "run").repository(decided.root_sha256)
    assert folder == trust / "repository" / decided.root_sha256[:16]
    assert (folder / "bootstrap" / "root.json").read_bytes() == ROOT.encode()
    kept = registration(settings)
    assert kept == made
    assert kept.root_sha256 == decided.root_sha256


def test_without_a_root_none_is_asked_for(trust: Path, settings: SettingsStore) -> None:
    with serving(Decided().answer) as peer:
        made = enrol_site(f"{peer.url}#enrol={CODE}", trust, settings)
        assert peer.received[0].content["root_sha256"] is None
    assert made.root_sha256 is None
    assert not (trust / "repository").exists()


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        (ROOT.replace("note", "nota"), "is not what the enrolment string names: somebody between this site and the server"),
        (None, "did not send the root of trust"),
    ],
)
def test_another_root_than_the_string_names_changes_nothing(
    trust: Path, settings: SettingsStore, sent: str | None, sentence: str
) -> None:
    wanted = Decided(root=ROOT).root_sha256
    with serving(Decided().answer) as peer:
        before = enrol_site(f"{peer.url}#enrol={CODE}", trust, settings)
    with serving(Decided(root=sent).answer) as peer, pytest.raises(RefusedError, match=sentence):
        enrol_site(f"{peer.url}#enrol={CODE}&root={wanted}", trust, settings)
    assert registration(settings) == before
    assert not (trust / "repository").exists()


def test_a_root_the_server_does_not_know_changes_nothing(trust: Path, settings: SettingsStore) -> None:
    refused = Reply({"error": "root_unknown", "message": "No."}, 409)
    with serving(lambda _: refused) as peer, pytest.raises(RefusedError, match="Ask the hosting team for a new enrolment string"):
        enrol_site(f"{peer.url}#enrol={CODE}&root={'ab' * 32}", trust, settings)
    assert registration(settings) is None


def test_a_root_that_cannot_be_written_leaves_the_site_as_it_was(trust: Path, settings: SettingsStore) -> None:
    trust.mkdir()
    (trust / "repository").write_text("in the way")
    decided = Decided(root=ROOT)
    with serving(decided.answer) as peer, pytest.raises(DataFolderError, match=r"root of trust cannot be written to .*root\.json"):
        enrol_site(f"{peer.url}#enrol={CODE}&root={decided.root_sha256}", trust, settings)
    assert registration(settings) is None


def test_another_server_has_another_folder_and_the_key_stays(trust: Path, settings: SettingsStore) -> None:
    first, second = Decided(root=ROOT), Decided(root=ROOT + " ")
    with serving(first.answer) as peer:
        enrol_site(f"{peer.url}#enrol={CODE}&root={first.root_sha256}", trust, settings)
        keys = [peer.received[0].content["public_key"]]
    with serving(second.answer) as peer:
        enrol_site(f"{peer.url}#enrol={CODE}&root={second.root_sha256}", trust, settings)
        keys.append(peer.received[0].content["public_key"])
    assert keys[0] == keys[1]
    assert sorted(path.name for path in (trust / "repository").iterdir()) == sorted(one.root_sha256[:16] for one in (first, second))


def enrolled_elsewhere(trust: Path, settings: SettingsStore, *roots: str | None) -> Received:
    """Enrol at a server for each root in turn; return what is left of the configuration that came from the first."""
    layer = ReceivedLayer("global", GLOBAL_PATH, 1, "ab" * 32, {"scan": {"read_minutes": 30}}, {}, "globalcfg")
    configuration = Configuration((layer,), "2026-11-25T10:00:00Z", "0123456789abcdef")
    for number, root in enumerate(roots):
        decided = Decided(root=root)
        ending = f"&root={decided.root_sha256}" if root else ""
        with serving(decided.answer) as peer:
            enrol_site(f"{peer.url}#enrol={CODE}{ending}", trust, settings)
        if number == 0:
            settings.change_received(lambda _: Received(configuration, marker=configuration.marker, state="kept"))
            settings.take_intervals({"check_in_seconds": 21_600, "upload_seconds": 21_600})
            assert settings.effective().settings.scan.read_minutes == 30
            assert settings.effective().settings.hosting.check_in_seconds == 21_600
    return settings.received()


@pytest.mark.parametrize("second", [f"{ROOT} ", None])
def test_what_a_former_provider_has_set_is_left_behind(trust: Path, settings: SettingsStore, second: str | None) -> None:
    left = enrolled_elsewhere(trust, settings, ROOT, second)
    assert settings.effective().settings.scan.read_minutes == 60
    assert settings.effective().settings.hosting.check_in_seconds < 21_600
    assert (left.in_force, left.earlier, left.marker, left.state) == (None, (), "none", "none")
    assert (left.outcomes[0].what, left.outcomes[0].layers) == ("moved", ((GLOBAL_PATH, 1, "ab" * 32),))
    assert "has moved to 127.0.0.1:" in left.outcomes[0].text


def test_the_same_provider_at_another_address_keeps_what_it_has_set(trust: Path, settings: SettingsStore) -> None:
    assert enrolled_elsewhere(trust, settings, ROOT, ROOT).state == "kept"
    assert settings.effective().settings.scan.read_minutes == 30


def test_an_enrolment_whose_answer_was_lost_can_be_repeated_with_the_same_key(trust: Path, settings: SettingsStore) -> None:
    whole = b'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{"site_id":"site-7"}'
    with answering_raw(whole[:-8], whole) as peer:
        with pytest.raises(HostingError, match="cut off"):
            enrol_site(f"{peer.url}#enrol={CODE}", trust, settings)
        assert registration(settings) is None
        enrol_site(f"{peer.url}#enrol={CODE}", trust, settings)
    first, second = peer.received
    assert first.content == second.content


def test_a_person_who_enrols_is_not_promised_another_try(trust: Path, settings: SettingsStore) -> None:
    with serving(lambda _: Reply(raw=b"<h1>Oops</h1>", status=500)) as peer:
        with pytest.raises(HostingError, match=r"has a fault \(500\)\. Try it again\.$"):
            enrol_site(f"{peer.url}#enrol={CODE}", trust, settings, by="page")
        with pytest.raises(HostingError, match=r"has a fault \(500\)\. It is tried again\.$"):
            enrol_site(f"{peer.url}#enrol={CODE}", trust, settings, by="environment")
