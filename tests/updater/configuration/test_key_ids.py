"""A site takes no key under another id than its hash from its own repository; the client alone (`dca trust`) does."""

import hashlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from securesystemslib.formats import encode_canonical
from securesystemslib.signer import CryptoSigner, SSlibKey

from appliance.common.key_id import key_id, misnamed
from tests.children import run_child
from tests.conftest import ROOT
from tests.updater.configured import ConfigRepository, ConfiguredSite
from tests.updater.tuf_repository import serving
from updater.errors import UntrustedError
from updater.trust.key_ids import require_named_keys

NEW = {"scan": {"read_minutes": 20}}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[ConfiguredSite]:
    repository = ConfigRepository()
    with serving(repository.files) as server:
        yield ConfiguredSite(tmp_path, repository, server)


def stolen_under(keyid: str) -> tuple[CryptoSigner, SSlibKey]:
    """Return a key of a thief under the id of another."""
    signer = CryptoSigner.generate_ed25519()
    key = signer.public_key
    assert isinstance(key, SSlibKey)
    return signer, SSlibKey(keyid, key.keytype, key.scheme, key.keyval)


def steal_root_key(site: ConfiguredSite) -> str:
    """Publish a root with the key of a thief under the id of one of its own; return that id."""
    root = site.repository.root
    keyid = root.roles["root"].keyids[0]
    _, root.keys[keyid] = stolen_under(keyid)
    site.repository.rotate_root()
    site.publish(NEW)
    return keyid


def steal_delegated_key(site: ConfiguredSite) -> None:
    """Publish targets with the key of a thief under the id of one they delegate to."""
    delegations = site.repository.targets.delegations
    assert delegations is not None
    [keyid] = delegations.keys
    _, delegations.keys[keyid] = stolen_under(keyid)
    site.publish(NEW)


def refusal_of(site: ConfiguredSite) -> str:
    result = site.check()
    assert (result.what, result.reason) == ("refused", "invalid")
    return str(result.text)


def test_a_root_with_another_key_under_a_known_id_is_not_followed(site: ConfiguredSite) -> None:
    """Two people have signed it, who compared ids alone; sites would follow the thief from then on."""
    assert site.check().what != "refused"
    keyid = steal_root_key(site)

    assert f"2.root.json was refused: it names a key by the id {keyid}" in refusal_of(site)
    assert not (site.trust / "root_history" / "2.root.json").exists()


def test_targets_with_another_key_under_a_known_id_are_not_taken(site: ConfiguredSite) -> None:
    assert site.check().what != "refused"
    steal_delegated_key(site)

    assert "targets.json was refused" in refusal_of(site)


def test_a_site_that_was_enrolled_with_such_a_root_takes_nothing(tmp_path: Path) -> None:
    repository = ConfigRepository()
    root = repository.root
    keyid = root.roles["timestamp"].keyids[0]
    signer, key = stolen_under(keyid)
    root.keys[keyid] = key
    repository.signers["timestamp"] = [CryptoSigner(signer._private_key, key)]
    repository.publish_root()
    repository.publish_timestamp()
    with serving(repository.files) as server:
        site = ConfiguredSite(tmp_path, repository, server)
        assert "root.json was refused" in refusal_of(site)
        assert followed_by_the_client_alone(repository, server.url, tmp_path)


def followed_by_the_client_alone(repository: ConfigRepository, url: str, folder: Path) -> bool:
    (folder / "root.json").write_bytes(repository.trusted_root)
    options: list[str | Path] = ["--metadata-dir", folder / "alone", "--metadata-url", f"{url}/tuf/metadata"]
    words = ["python", "-m", "updater", "trust", *options]
    begun = run_child([*words, "init", folder / "root.json"], folder=ROOT)
    refreshed = run_child([*words, "refresh"], folder=ROOT)
    return (begun.returncode, refreshed.returncode) == (0, 0)


def test_what_is_nested_too_deep_to_be_looked_at_is_not_followed(site: ConfiguredSite) -> None:
    """Beside what is signed anybody can put what a deeper call cannot read, and a shallower one can."""
    assert site.check().what != "refused"
    steal_root_key(site)
    repository = site.repository
    content = repository.files["metadata/2.root.json"].rstrip()
    taken = []
    for depth in range(sys.getrecursionlimit() - 60, sys.getrecursionlimit()):
        repository.files["metadata/2.root.json"] = content[:-1] + b',"more":' + b"[" * depth + b"]" * depth + b"}"
        taken += [depth] if site.check().what != "refused" else []
    assert taken == []
    assert not (site.trust / "root_history" / "2.root.json").exists()


def test_targets_without_a_number_are_looked_at_too(site: ConfiguredSite) -> None:
    """A root can say that names have no numbers."""
    assert site.check().what != "refused"
    repository = site.repository
    repository.root.consistent_snapshot = False
    repository.rotate_root()
    steal_delegated_key(site)
    for name in [name for name in repository.files if re.fullmatch(r"metadata/[0-9]+\.(?!root)[a-z]+\.json", name)]:
        repository.files[re.sub(r"/[0-9]+\.", "/", name)] = repository.files[name]

    assert "targets.json was refused: it names a key by the id" in refusal_of(site)


@pytest.mark.parametrize(
    "key",
    [
        CryptoSigner.generate_ed25519().public_key,
        CryptoSigner.generate_ecdsa().public_key,
        SSlibKey("x", "rsa", 'a "quoted\\" scheme', {"public": "lines\nof\ttext ü", "more": [1, True, None, {"b": 2, "a": 1}]}),
    ],
)
def test_an_id_is_worked_out_as_the_library_does(key: SSlibKey) -> None:

    canonical = encode_canonical({"keytype": key.keytype, "scheme": key.scheme, "keyval": key.keyval})
    assert isinstance(canonical, str)
    assert key_id(key.to_dict()) == hashlib.sha256(canonical.encode()).hexdigest()


@pytest.mark.parametrize("value", [None, [], {"keytype": "a"}, {"keytype": "a", "scheme": "b", "keyval": 1.5}, "text"])
def test_what_is_no_key_has_no_id(value: Any) -> None:
    assert misnamed({"a" * 64: value}) == ["a" * 64]


@pytest.mark.parametrize("content", [b"", b"[]", b'{"signed": []}', b'{"signed": {"keys": []}}'])
def test_what_is_no_metadata_is_left_to_the_client(content: bytes) -> None:
    require_named_keys(content, "2.root.json")


def test_one_wrong_id_among_right_ones_is_found() -> None:
    keys = {one.keyid: one.to_dict() for one in (CryptoSigner.generate_ed25519().public_key for _ in range(3))}
    keys["f" * 64] = CryptoSigner.generate_ed25519().public_key.to_dict()

    with pytest.raises(UntrustedError, match="f" * 64):
        require_named_keys(json.dumps({"signed": {"keys": keys}}).encode(), "2.root.json")
