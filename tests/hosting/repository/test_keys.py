"""Keys of people are stretched and guarded by a passphrase worth the name; keys of the server are tried before they are due."""

import json
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner
from structlog.testing import capture_logs

from appliance.common.clock import utc_now
from appliance.common.key_id import key_id
from hosting.repository.keys import load_signer, make_key, read_public
from hosting.repository.renewal import RepositoryRenewal
from tests.children import Finished

from .published import PASSPHRASE, Published, done, hosting, refused

SCRYPT = bytes.fromhex("06092b06010401da47040b")
"""The name of scrypt in a key file (RFC 7914)."""


def new_key(folder: Path, passphrase: str, name: str = "anna") -> Finished:
    (file := folder / "passphrase").write_text(f"{passphrase}\n")
    return hosting("keys", "new", name, "--out", folder / name, "--passphrase-file", file)


def test_a_key_file_is_stretched_with_scrypt_and_other_tools_open_it(tmp_path: Path) -> None:
    done(new_key(tmp_path, PASSPHRASE))
    file = tmp_path / "anna" / "anna.key"

    listed = subprocess.run(["openssl", "asn1parse", "-in", file], capture_output=True, text=True, check=True).stdout
    assert "scrypt" in listed
    assert "aes-256-cbc" in listed
    assert [int(line.rpartition(":")[2], 16) for line in listed.splitlines() if "INTEGER" in line] == [1 << 14, 8, 5, 32]
    opened = subprocess.run(["openssl", "pkey", "-in", file, "-passin", f"pass:{PASSPHRASE}", "-pubout", "-outform", "DER"],
                            capture_output=True, check=True).stdout  # fmt: skip
    assert opened[-32:].hex() == json.loads((tmp_path / "anna" / "anna.pub").read_bytes())["keyval"]["public"]


def test_a_file_is_no_folder_for_a_key(tmp_path: Path) -> None:
    (file := tmp_path / "passphrase").write_text(f"{PASSPHRASE}\n")
    said = refused(hosting("keys", "new", "anna", "--out", file, "--passphrase-file", file))
    assert f"{file} is a file, and both files of the key go into a folder. Name one with --out." in said


def test_two_keys_with_one_passphrase_have_nothing_in_common(tmp_path: Path) -> None:
    made = [make_key(name, tmp_path, lambda: PASSPHRASE)[0].read_bytes().splitlines() for name in ("one", "other")]

    assert not set(made[0][2:-1]) & set(made[1][2:-1])


def test_a_key_that_was_made_before_still_opens(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    encryption = serialization.BestAvailableEncryption(b"short")
    file = tmp_path / "old.key"
    file.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption))
    public = CryptoSigner(key).public_key

    assert load_signer(str(file), [public], lambda: "short").public_key == public


@pytest.mark.parametrize(
    ("passphrase", "said"),
    [
        ("a", "shorter than 12"),
        ("eleven char", "shorter than 12"),
        ("aaaaaaaaaaaaaaaaaaaa", "easy to guess"),
        ("abcabcabcabcabc", "easy to guess"),
        ("anna anna anna anna", "easy to guess"),
        ("123456789012345", "easy to guess"),
        ("zyxwvutsrqponm", "easy to guess"),
        ("qwertyuiopasdfgh", "easy to guess"),
        ("Password1234", "easy to guess"),
        ("correct horse battery staple", "easy to guess"),
    ],
)
def test_a_passphrase_that_guards_nothing_makes_no_key(tmp_path: Path, passphrase: str, said: str) -> None:
    assert said in refused(new_key(tmp_path, passphrase))
    assert not list(tmp_path.rglob("*.key"))


@pytest.mark.parametrize("passphrase", [PASSPHRASE, "Zug fährt um halb 9 ab", "k7#Qm2!vRx9z"])
def test_a_passphrase_worth_the_name_is_taken(tmp_path: Path, passphrase: str) -> None:
    done(new_key(tmp_path, passphrase))


def test_local_keys_are_guarded_alike(tmp_path: Path) -> None:
    published = Published(tmp_path)
    published.data.mkdir()
    published.passphrase.write_text("password\n")

    words = ("--local-keys", published.keys, "--passphrase-file", published.passphrase)
    assert "shorter than 12" in refused(published.run("init", *words))
    assert published.tree() == {}


@pytest.mark.parametrize("made", [CryptoSigner.generate_ed25519, CryptoSigner.generate_ecdsa])
def test_the_id_of_a_key_is_the_one_that_the_library_gives(made: object) -> None:
    key = made().public_key  # type: ignore[operator]

    assert key_id(key.to_dict()) == key.keyid


def state_of(published: Published) -> tuple[int, dict[str, str], str]:
    """Return how `status` ends, the state of each role, and all it says."""
    finished = published.run("status")
    rows = [line.split() for line in finished.stdout.splitlines()[1:] if not line.startswith((" ", "The "))]
    return finished.returncode, {row[0]: " ".join(row[3 : 5 if row[3] == "no" else 4]) for row in rows}, finished.stdout


def online_key(published: Published, role: str) -> Path:
    """Return the key file of a role of the server."""
    root, targets = published.signed("root"), published.signed("targets")
    roles = root["roles"] | {one["name"]: one for one in targets["delegations"]["roles"]}
    return published.repository / "keys" / f"{roles[role]['keyids'][0]}.key"


def test_the_status_is_not_ok_where_a_key_of_the_server_is_missing(published: Published) -> None:
    assert state_of(published)[:2] == (0, dict.fromkeys(
        ("release", "root", "targets", "config", "globalcfg", "snapshot", "timestamp", "site-*"), "ok"))  # fmt: skip
    online_key(published, "snapshot").unlink()

    code, states, said = state_of(published)

    assert code == 1
    assert states["snapshot"] == "no key"
    assert set(states.values()) == {"ok", "no key"}
    assert "Restore it, or rotate it" in said
    roles = json.loads(published.run("status", "--json").stdout)["roles"]
    assert [role["role"] for role in roles if role["key_fault"]] == ["snapshot"]


def test_the_status_is_not_ok_where_a_key_is_another_one(published: Published) -> None:
    key, other = online_key(published, "config"), online_key(published, "timestamp")
    key.write_bytes(other.read_bytes())

    code, states, said = state_of(published)

    assert code == 1
    assert {role for role, state in states.items() if state == "no key"} == {"config", "globalcfg", "site-*"}
    assert "it is another key" in said


@pytest.mark.parametrize("fault", ["empty", "open to others", "of another kind"])
def test_the_status_is_not_ok_where_a_key_cannot_be_used(published: Published, fault: str) -> None:
    key = online_key(published, "timestamp")
    if fault == "empty":
        key.write_bytes(b"")
    elif fault == "open to others":
        key.chmod(0o644)
    else:
        elliptic = generate_private_key(SECP256R1())
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        key.write_bytes(elliptic.private_bytes(*form))

    code, states, _ = state_of(published)

    assert (code, states["timestamp"]) == (1, "no key")


def test_a_uri_that_leads_nowhere_is_told_of(published: Published) -> None:
    key = online_key(published, "timestamp")
    key.unlink()
    key.with_suffix(".uri").write_text("file2:/nowhere/at/all")

    code, states, _ = state_of(published)

    assert (code, states["timestamp"]) == (1, "no key")


def test_the_log_tells_of_a_missing_key_long_before_it_is_needed(published: Published) -> None:
    online_key(published, "snapshot").unlink()
    renewal, now = RepositoryRenewal(published.repository), utc_now()

    with capture_logs() as logs:
        renewal.look_after(now)
        renewal.look_after(now)

    [line] = logs
    assert (line["log_level"], line["roles"]) == ("error", "snapshot")


def test_a_key_of_the_founders_is_read_back(founded: Published) -> None:
    key, uri = read_public(founded.keys / "root-1.pub")

    assert (key.keyid, uri) == (key_id(key.to_dict()), None)
