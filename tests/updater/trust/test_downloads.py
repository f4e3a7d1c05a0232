"""Targets that are not what was signed, or that nobody could have signed for, are refused; the file that was there stays."""

import pytest
from securesystemslib.signer import CryptoSigner

from tests.updater.answers import DEEP, endless
from tests.updater.trusting import Site
from tests.updater.tuf_repository import in_days
from updater.errors import Reason, TrustError


def test_signed_configuration_of_10000_levels_is_a_target_like_any_other(site: Site) -> None:
    site.repository.add_target("deep.json", DEEP)
    site.repository.publish()

    assert site.download("deep.json") == DEEP


def refused_download(site: Site, name: str, reason: Reason) -> None:
    before = sorted(site.targets.iterdir()) if site.targets.exists() else []
    with pytest.raises(TrustError) as caught:
        site.download(name)
    assert caught.value.reason is reason, caught.value
    assert (sorted(site.targets.iterdir()) if site.targets.exists() else []) == before


def target_path(site: Site, name: str) -> str:
    return next(path for path in site.repository.files if path.endswith(f".{name}"))


def test_target_with_another_hash_is_refused_and_the_old_stays(site: Site) -> None:
    site.repository.add_target("a", b"old")
    site.repository.publish()
    site.download("a")
    site.repository.add_target("a", b"new")
    site.repository.publish()
    for path in list(site.repository.files):
        if path.endswith(".a"):
            site.repository.files[path] = b"bad"

    refused_download(site, "a", Reason.MISMATCH)
    assert (site.targets / "a").read_bytes() == b"old"


def test_target_that_is_too_short_is_refused(site: Site) -> None:
    site.repository.add_target("a", b"content")
    site.repository.publish()
    site.repository.files[target_path(site, "a")] = b"con"

    refused_download(site, "a", Reason.MISMATCH)


def test_endless_target_is_given_up(site: Site) -> None:
    site.repository.add_target("a", b"content")
    site.repository.publish()
    site.server.behaviours[target_path(site, "a")] = endless

    refused_download(site, "a", Reason.TOO_LONG)


def test_target_of_100_mb_is_not_even_asked_for(site: Site) -> None:
    site.repository.add_target("a", b"content")
    site.repository.targets.targets["a"].length = 100 << 20
    site.repository.publish()

    refused_download(site, "a", Reason.TOO_LONG)
    assert not [path for path in site.server.requests if path.startswith("targets/")]


def test_target_larger_than_the_disk_is_not_even_asked_for(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("updater.trust.client.FREE_BYTES", 1 << 60)
    site.repository.add_target("a", b"content")
    site.repository.publish()

    refused_download(site, "a", Reason.DISK_FULL)


def test_role_two_others_delegate_to_is_verified_for_each_of_them(site: Site) -> None:
    """The keys of one delegator do not count for the other, whichever was asked first."""
    repository = site.repository
    right, wrong = CryptoSigner.generate_ed25519(), CryptoSigner.generate_ed25519()
    repository.delegate("targets", {"first": "a*", "second": "b*"}, CryptoSigner.generate_ed25519())
    repository.delegate("first", {"shared": "*"}, right)
    repository.delegate("second", {"shared": "*"}, wrong)
    repository.signers["shared"] = [right]
    repository.add_target("a", b"a", "shared")
    repository.add_target("b", b"b", "shared")
    repository.publish()

    with site.client() as client:
        opened = client.refresh()
        assert opened.download("a", site.targets).read_bytes() == b"a"
        with pytest.raises(TrustError) as caught:
            opened.download("b", site.targets)

    assert caught.value.reason is Reason.SIGNATURES


def test_target_outside_the_paths_of_its_role_is_missing(site: Site) -> None:
    site.repository.delegate("targets", {"config": "config/*"}, CryptoSigner.generate_ed25519())
    site.repository.add_target("release/stable.json", b"{}", "config")
    site.repository.publish()

    refused_download(site, "release/stable.json", Reason.MISSING)


def test_delegated_role_that_expired_is_refused_by_name(site: Site) -> None:
    site.repository.delegate("targets", {"config": "config/*"}, CryptoSigner.generate_ed25519())
    site.repository.add_target("config/a", b"{}", "config")
    site.repository.delegated["config"].expires = in_days(-1)
    site.repository.publish()

    refused_download(site, "config/a", Reason.EXPIRED)
