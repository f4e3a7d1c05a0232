"""Bad input and attacks on the configuration of a site: each is refused by name, and the last good configuration stays in force."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler

import pytest
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import MetaFile

from appliance.settings.document import site_path
from tests.updater.answers import endless, send, silent
from tests.updater.configured import SITE_ID, ConfiguredSite
from tests.updater.trusting import QUICK
from tests.updater.tuf_repository import in_days
from updater.configuration.refresh import check

NEW = {"scan": {"read_minutes": 20}}
PATH = site_path(SITE_ID)
Attack = Callable[[ConfiguredSite], None]


def too_few_signatures(site: ConfiguredSite) -> None:
    repository = site.repository
    repository.targets.version += 1
    name = f"{repository.targets.version}.targets.json"
    repository.files[f"metadata/{name}"] = repository.signed(repository.targets, "targets", by=1)
    repository.snapshot.meta["targets.json"] = MetaFile(repository.targets.version)
    repository.snapshot.version += 1
    repository.publish_snapshot()
    repository.timestamp.version += 1
    repository.publish_timestamp()


def wrong_signatures(site: ConfiguredSite) -> None:
    site.repository.signers["timestamp"] = [CryptoSigner.generate_ed25519()]
    site.publish(NEW)


def bin_signed_by_another_key(site: ConfiguredSite) -> None:
    site.repository.signers[site.repository.bins.get_role_for_target(PATH)] = [CryptoSigner.generate_ed25519()]
    site.publish(NEW)


def expired_timestamp(site: ConfiguredSite) -> None:
    site.repository.timestamp.expires = in_days(-1)
    site.publish(NEW)


def expired_bin(site: ConfiguredSite) -> None:
    site.repository.delegated[site.repository.bins.get_role_for_target(PATH)].expires = in_days(-1)
    site.publish(NEW)


def rollback_of_the_timestamp(site: ConfiguredSite) -> None:
    site.repository.timestamp.version -= 2
    site.publish(NEW)


def rollback_of_the_snapshot(site: ConfiguredSite) -> None:
    site.repository.snapshot.version -= 2
    site.publish(NEW)


def rollback_of_the_bin(site: ConfiguredSite) -> None:
    site.repository.delegated[site.repository.bins.get_role_for_target(PATH)].version -= 2
    site.publish(NEW)


def mix_and_match(site: ConfiguredSite) -> None:
    site.publish(NEW)
    role = site.repository.bins.get_role_for_target(PATH)
    version = site.repository.delegated[role].version
    site.repository.files[f"metadata/{version}.{role}.json"] = site.repository.files[f"metadata/{version - 1}.{role}.json"]


def fast_forward(site: ConfiguredSite) -> None:
    """Somebody with the keys has announced versions that nobody can follow; then the owner is back."""
    repository = site.repository
    honest = repository.timestamp.version
    repository.timestamp.version = 2**31 - 1
    repository.publish_timestamp()
    assert site.check().what == "unchanged"
    repository.timestamp.version = honest
    site.publish(NEW)


def endless_metadata(site: ConfiguredSite) -> None:
    site.publish(NEW)
    site.server.behaviours["metadata/timestamp.json"] = endless


def endless_document(site: ConfiguredSite) -> None:
    site.publish(NEW)
    site.server.behaviours[site.target_file()] = endless


def another_hash(site: ConfiguredSite) -> None:
    content = site.publish(NEW)
    site.server.files[site.target_file()] = content.replace(b"20", b"10")


def another_length(site: ConfiguredSite) -> None:
    content = site.publish(NEW)
    site.server.files[site.target_file()] = content[:-5]


def cut_off(site: ConfiguredSite) -> None:
    content = site.publish(NEW)
    site.server.behaviours[site.target_file()] = send(content[:50], len(content))


def repository_without_its_snapshot(site: ConfiguredSite) -> None:
    site.publish(NEW)
    del site.server.files[f"metadata/{site.repository.snapshot.version}.snapshot.json"]


def repository_without_the_document(site: ConfiguredSite) -> None:
    site.publish(NEW)
    del site.server.files[site.target_file()]


def metadata_of_10000_levels(site: ConfiguredSite) -> None:
    site.publish(NEW)
    site.server.behaviours["metadata/timestamp.json"] = send(b'{"signed": ' + b"[" * 10_000)


def document_of_100_mb(site: ConfiguredSite) -> None:
    site.publish_content(b" " * (100 << 20))
    site.server.files[site.target_file()] = b""  # nobody is to ask for it


def document_of_300_kb(site: ConfiguredSite) -> None:
    site.publish_content(b" " * 300_000)


def document_of_10000_levels(site: ConfiguredSite) -> None:
    site.publish_content(b'{"a":' * 10_000 + b"1" + b"}" * 10_000)


def document_of_nonsense(site: ConfiguredSite) -> None:
    site.publish_content(b"\xff\xfe")


def document_of_another_format(site: ConfiguredSite) -> None:
    site.publish_content(b'{"format": 9, "version": 1}')


def document_with_an_invalid_value(site: ConfiguredSite) -> None:
    site.publish_content(b'{"format": 1, "version": 9, "settings": {"scan": {"read_minutes": 0}}}')


def document_that_lifts_the_guardrails(site: ConfiguredSite) -> None:
    site.publish_content(b'{"format": 1, "version": 9, "settings": {"guardrails": {"networks": []}}}')


def document_with_a_secret(site: ConfiguredSite) -> None:
    site.publish_content(b'{"format": 1, "version": 9, "settings": {"snmp": {"credentials": [{"community": "x"}]}}}')


def range_of_a_stranger(site: ConfiguredSite) -> None:
    assert not site.store.effective().settings.guardrails.networks
    site.publish({"scan": {"targets": ["10.0.0.0/24", "203.0.113.7"]}})


def range_outside_the_guardrails(site: ConfiguredSite) -> None:
    site.store.change_site({"guardrails": {"networks": ["10.0.0.0/24"]}})
    site.publish({"scan": {"targets": ["10.0.0.0/8"]}})


def unreachable(site: ConfiguredSite) -> None:
    site.store.change_site({"hosting": {"url": "http://127.0.0.1:1"}})


def lost_root(site: ConfiguredSite) -> None:
    (site.trust / "bootstrap" / "root.json").unlink()


def exchanged_root(site: ConfiguredSite) -> None:
    other = type(site.repository)()
    (site.trust / "bootstrap" / "root.json").write_bytes(other.trusted_root)


ATTACKS: list[tuple[Attack, str, str]] = [
    (too_few_signatures, "refused", "signatures"),
    (wrong_signatures, "refused", "signatures"),
    (bin_signed_by_another_key, "refused", "signatures"),
    (expired_timestamp, "refused", "expired"),
    (expired_bin, "refused", "expired"),
    (rollback_of_the_timestamp, "refused", "rollback"),
    (rollback_of_the_snapshot, "refused", "rollback"),
    (rollback_of_the_bin, "refused", "rollback"),
    (mix_and_match, "refused", "mismatch"),
    (fast_forward, "refused", "rollback"),
    (endless_metadata, "failed", "too long"),
    (endless_document, "failed", "too long"),
    (another_hash, "refused", "mismatch"),
    (another_length, "refused", "mismatch"),
    (cut_off, "failed", "unreachable"),
    (repository_without_its_snapshot, "failed", "answer"),
    (repository_without_the_document, "failed", "answer"),
    (metadata_of_10000_levels, "refused", "invalid"),
    (document_of_100_mb, "refused", "too long"),
    (document_of_300_kb, "refused", "too long"),
    (document_of_10000_levels, "refused", "too deep"),
    (document_of_nonsense, "refused", "not json"),
    (document_of_another_format, "refused", "format"),
    (document_with_an_invalid_value, "refused", "invalid"),
    (document_that_lifts_the_guardrails, "refused", "site only"),
    (document_with_a_secret, "refused", "secret"),
    (range_outside_the_guardrails, "refused", "guardrail"),
    (range_of_a_stranger, "refused", "guardrail"),
    (unreachable, "failed", "unreachable"),
    (lost_root, "failed", "folder"),
    (exchanged_root, "refused", "mismatch"),
]


@pytest.mark.parametrize(("attack", "what", "reason"), ATTACKS, ids=[attack.__name__ for attack, _, _ in ATTACKS])
def test_an_attack_is_refused_by_name_and_the_good_configuration_stays(
    configured_site: ConfiguredSite, attack: Attack, what: str, reason: str
) -> None:
    site = configured_site
    good = site.begin_with({"scan": {"read_minutes": 30}})
    attack(site)

    for _ in range(2):
        result = site.check()

        assert (result.what, result.reason) == (what, reason), result
        assert result.text.endswith((".", ")")), result.text
        assert site.in_force == good
        assert site.store.effective().settings.scan.read_minutes == 30
    assert [(each.what, each.reason) for each in site.received.outcomes] == [(what, reason), ("kept", ""), ("applied", "")]
    assert sum(site.files().values()) < 200_000


def test_a_fast_forward_is_got_over_by_new_keys(configured_site: ConfiguredSite) -> None:
    site = configured_site
    site.begin_with({"scan": {"read_minutes": 30}})
    fast_forward(site)
    assert site.check().reason == "rollback"

    site.repository.rotate_root("timestamp")
    site.repository.publish()

    assert site.check().what == "applied"


@pytest.mark.parametrize("answer", ["silent", "drip"])
def test_a_slow_server_is_given_up(configured_site: ConfiguredSite, answer: str) -> None:
    site = configured_site
    good = site.begin_with({"scan": {"read_minutes": 30}})
    site.publish(NEW)

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not site.server.stopped.wait(0.1):
            handler.wfile.write(b" ")

    site.server.behaviours[site.target_file()] = silent(site.server) if answer == "silent" else drip
    result = check(site.paths, site.store, limits=QUICK)

    assert result.what == "failed"
    assert result.reason in ("slow", "unreachable")
    assert site.in_force == good


@pytest.mark.parametrize("moment", [datetime(1970, 1, 1, tzinfo=UTC), datetime.now(UTC) - timedelta(days=3)])
def test_a_clock_of_the_past_is_found(configured_site: ConfiguredSite, moment: datetime) -> None:
    good = configured_site.begin_with({"scan": {"read_minutes": 30}})
    configured_site.publish(NEW)

    result = check(configured_site.paths, configured_site.store, clock=lambda: moment)

    assert (result.what, result.reason) == ("failed", "clock")
    assert configured_site.in_force == good
    assert configured_site.received.outcomes[0].reason == "clock"


def test_a_clock_of_the_year_2100_is_found_and_does_no_harm(configured_site: ConfiguredSite) -> None:
    good = configured_site.begin_with({"scan": {"read_minutes": 30}})
    configured_site.publish(NEW)

    result = check(configured_site.paths, configured_site.store, clock=lambda: datetime(2100, 1, 1, tzinfo=UTC))

    assert (result.what, result.reason) == ("failed", "clock")
    assert configured_site.in_force == good
    assert configured_site.check().what == "applied"


def test_a_clock_before_the_build_of_this_software_is_found(configured_site: ConfiguredSite) -> None:
    configured_site.publish(NEW)
    result = check(configured_site.paths, configured_site.store, clock=lambda: datetime(2024, 6, 1, tzinfo=UTC))
    assert result.reason == "clock"


@pytest.mark.parametrize("damage", ["wiped", "nonsense", "truncated", "folder"])
def test_a_damaged_trust_folder_is_filled_again(configured_site: ConfiguredSite, damage: str) -> None:
    site = configured_site
    site.begin_with({"scan": {"read_minutes": 30}})
    for path in [*site.trust.glob("*.json"), *site.trust.glob("root_history/*")]:
        if damage == "nonsense":
            path.write_bytes(b"\0" * 1000)
        elif damage == "truncated":
            path.write_bytes(path.read_bytes()[:100])
        else:
            path.unlink()
            if damage == "folder":
                path.mkdir()
    site.publish(NEW)

    result = site.check()

    if damage == "folder":
        assert (result.what, result.reason) == ("failed", "folder")
        assert site.store.effective().settings.scan.read_minutes == 30
    else:
        assert result.what == "applied", result


def test_troubles_in_turn_fill_nothing(configured_site: ConfiguredSite) -> None:
    site = configured_site
    site.begin_with({"scan": {"read_minutes": 30}})
    for number in range(60):
        if number % 2:
            site.publish_content(b"{" * (number + 1))
            assert check(site.paths, site.store).what == "refused"
        else:
            site.server.behaviours["metadata/timestamp.json"] = send(b"", status=500 + number % 10)
            assert check(site.paths, site.store).what == "failed"
            site.server.behaviours.clear()

    assert len(site.received.outcomes) == 50
    assert len(list(site.paths.data.rglob("*.json"))) < 30
