"""The privacy key: made once, for this user alone, and never replaced by itself."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from appliance.common.errors import DataFolderError, SettingsError
from appliance.privacy.key import KEY_BYTES, KEY_FILE, load_or_make_privacy_key
from appliance.privacy.outgoing import Masking
from appliance.settings.model import PrivacySettings


def test_the_key_is_made_once_and_kept(tmp_path: Path) -> None:
    key = load_or_make_privacy_key(tmp_path / "trust")
    assert len(key) == KEY_BYTES
    assert load_or_make_privacy_key(tmp_path / "trust") == key
    file = tmp_path / "trust" / KEY_FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [entry.name for entry in file.parent.iterdir()] == [KEY_FILE]


def test_all_who_ask_at_once_get_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(lambda _: load_or_make_privacy_key(tmp_path), range(24)))
    assert len(keys) == 1


@pytest.mark.parametrize("content", [b"", b"no key", b"00" * 16, b"\xff\xfe"])
def test_a_damaged_key_is_not_replaced_and_the_sentence_says_what_to_do(tmp_path: Path, content: bytes) -> None:
    (tmp_path / KEY_FILE).write_bytes(content)
    with pytest.raises(SettingsError, match=r"privacy\.key is damaged.*Restore it"):
        load_or_make_privacy_key(tmp_path)
    assert (tmp_path / KEY_FILE).read_bytes() == content


def test_a_folder_that_is_none_gives_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "trust").write_text("a file")
    with pytest.raises(DataFolderError, match="cannot be read or made"):
        load_or_make_privacy_key(tmp_path / "trust")


def test_without_pseudonyms_there_is_no_key(tmp_path: Path) -> None:
    assert Masking.of(PrivacySettings(), tmp_path).key is None
    assert list(tmp_path.iterdir()) == []
    assert "key" not in repr(Masking.of(PrivacySettings(ip_address="pseudonym"), tmp_path)).replace("privacy", "")
