"""Sessions whose rows were damaged let nobody in, and are in nobody's way."""

from pathlib import Path
from typing import Any

import pytest

from appliance.settings.store import SettingsStore
from web.session import session_key
from webui.sessions import TABLE, Sessions


@pytest.mark.parametrize(
    "damage",
    [
        {"key": "ü"},
        {"key": 7},
        {"user": ["admin"]},
        {"created_at": "9999-12-31T23:59:59-23:59"},
        {"used_at": "9999-12-31T23:59:59Z"},
        {"used_at": 5},
        {"ip": None},
        {"agent": {}},
    ],
)
def test_damaged_session_lets_nobody_in_and_is_in_nobodys_way(tmp_path: Path, damage: dict[str, Any]) -> None:
    store = SettingsStore(tmp_path / "settings.json", {})
    sessions = Sessions(store)
    spoilt = sessions.start("admin", ip="127.0.0.1", agent="browser")
    store.change_documents(TABLE, lambda rows: [row | damage for row in rows])
    assert sessions.find(spoilt) is None

    good = sessions.start("admin", ip="127.0.0.1", agent="browser")
    found = sessions.find(good)
    assert found is not None
    assert [each.key for each in sessions.list("admin")] == [session_key(good)]
    sessions.use(found)
    sessions.end_all("admin")
    assert sessions.find(good) is None
