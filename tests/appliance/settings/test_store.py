"""The settings file: layers, several processes, kill -9, broken files, full disks."""

import json
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from appliance.common.errors import DataFolderError, SettingsError
from appliance.settings.configuration_state import Configuration, ReceivedLayer
from appliance.settings.store import SettingsStore
from appliance.settings.tables import RECOVERIES


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "settings.json"


@pytest.fixture
def store(path: Path) -> SettingsStore:
    return SettingsStore(path, {})


def name_of(store: SettingsStore) -> str:
    return store.effective().settings.site.name


def test_a_new_appliance_has_the_defaults_and_no_file(store: SettingsStore, path: Path) -> None:
    assert store.effective().origins == {}
    assert not path.exists()


def test_a_change_is_in_force_at_once_for_every_process(store: SettingsStore, path: Path) -> None:
    effective = store.change_site({"site": {"name": "Office"}})
    assert effective.settings.site.name == "Office"
    assert name_of(SettingsStore(path, {})) == "Office"


def test_the_layers_stand_above_each_other(path: Path) -> None:
    store = SettingsStore(path, {"DCA_READ_MINUTES": "30", "DCA_WEB_PORT": "9000"})
    store.replace_hosting({"scan": {"sweep_minutes": 300, "packets_per_second": 100, "read_minutes": 20}})
    store.change_site({"scan": {"sweep_minutes": 400, "icmp": False}})
    effective = store.effective()
    scan = effective.settings.scan
    assert (scan.read_minutes, scan.sweep_minutes, scan.packets_per_second, scan.icmp) == (30, 400, 100, False)
    fields = ("read_minutes", "sweep_minutes", "packets_per_second", "icmp", "targets")
    layers = [effective.layer_of(f"scan.{field}") for field in fields]
    assert layers == ["environment", "site", "hosting", "site", "default"]
    assert effective.variables["scan.read_minutes"] == "DCA_READ_MINUTES"


def test_none_gives_a_field_back_to_the_layer_below(store: SettingsStore) -> None:
    store.replace_hosting({"site": {"name": "From hosting"}})
    store.change_site({"site": {"name": "Office"}})
    assert store.change_site({"site": {"name": None}}).settings.site.name == "From hosting"


def test_a_change_keeps_the_other_fields_of_its_section(store: SettingsStore) -> None:
    store.change_site({"scan": {"icmp": False}})
    store.change_site({"scan": {"read_minutes": 5}})
    scan = store.effective().settings.scan
    assert (scan.icmp, scan.read_minutes) == (False, 5)


def test_what_the_environment_sets_cannot_be_changed_here(path: Path) -> None:
    store = SettingsStore(path, {"DCA_SITE_NAME": "Fixed"})
    with pytest.raises(SettingsError, match=r"site\.name is set by DCA_SITE_NAME in the environment"):
        store.change_site({"scan": {"icmp": False}, "site": {"name": "Office"}})
    assert store.effective().settings.scan.icmp, "nothing of a refused change is kept"


def test_a_value_of_the_environment_that_cannot_be_used_names_its_variable(path: Path) -> None:
    with pytest.raises(SettingsError, match=r"web\.port \(set by DCA_WEB_PORT\): .*65535"):
        SettingsStore(path, {"DCA_WEB_PORT": "70000"}).effective()


def test_an_invalid_change_changes_nothing(store: SettingsStore, path: Path) -> None:
    store.change_site({"site": {"name": "Office"}})
    before = path.read_bytes()
    with pytest.raises(SettingsError, match=r"scan\.targets\.0: 'nowhere at all' is no range"):
        store.change_site({"site": {"name": "Other"}, "scan": {"targets": ["nowhere at all"]}})
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "layer",
    [
        {"health_check": {"enabled": False}},
        {"update": {"level": "auto"}},
        {"guardrails": {"networks": []}},
        {"web": {"port": 81}},
        {"hosting": {"url": "https://other.example"}},
        {"hosting": {"verify_tls": False, "upload_seconds": 5}},
    ],
)
def test_the_hosting_server_may_not_set_what_only_the_site_decides(store: SettingsStore, layer: dict[str, Any]) -> None:
    store.replace_hosting({"site": {"name": "Before"}})
    with pytest.raises(SettingsError, match=r"The hosting server may not set .*: only the site decides that"):
        store.replace_hosting(layer | {"site": {"name": "After"}})
    assert name_of(store) == "Before", "it is refused as a whole"


def test_the_hosting_server_may_set_its_two_intervals(store: SettingsStore) -> None:
    effective = store.replace_hosting({"hosting": {"check_in_seconds": 120, "upload_seconds": 90}})
    assert (effective.settings.hosting.check_in_seconds, effective.settings.hosting.upload_seconds) == (120, 90)


def test_what_the_hosting_server_set_before_is_replaced(store: SettingsStore) -> None:
    store.replace_hosting({"site": {"name": "From hosting"}})
    store.replace_hosting({"scan": {"read_minutes": 5}})
    assert store.layer("hosting") == {"scan": {"read_minutes": 5}}


@pytest.mark.parametrize(
    ("target", "allowed"),
    [
        ("10.1.2.0/24", True),
        ("10.1.0.0-10.1.255.255", True),
        ("printer.example", True),
        ("10.0.0.0/8", False),
        ("10.1.255.0-10.2.0.5", False),
        ("192.168.0.1", False),
        ("::ffff:10.1.0.1", False),
    ],
)
def test_the_hosting_server_may_only_scan_within_the_guardrails(store: SettingsStore, target: str, allowed: bool) -> None:
    store.change_site({"guardrails": {"networks": ["10.1.0.0/16"]}})
    layer = {"scan": {"targets": [target]}}
    if allowed:
        assert store.replace_hosting(layer).settings.scan.targets == (target,)
        return
    with pytest.raises(SettingsError, match=r"may not have .* scanned: it lies outside.*guardrails\.networks"):
        store.replace_hosting(layer)
    assert store.effective().settings.scan.targets == ()


def test_the_hosting_server_may_not_go_above_the_packet_rate_of_the_site(store: SettingsStore) -> None:
    with pytest.raises(SettingsError, match="the site allows 1000"):
        store.replace_hosting({"scan": {"packets_per_second": 2000}})


def test_documents_come_back_as_they_were_put(store: SettingsStore, path: Path) -> None:
    store.change_documents("accounts", lambda rows: [*rows, {"name": "anna"}])
    store.change_documents("accounts", lambda rows: [*rows, {"name": "bert"}])
    assert SettingsStore(path, {}).documents("accounts") == [{"name": "anna"}, {"name": "bert"}]


def test_a_change_of_documents_that_fails_changes_nothing(store: SettingsStore) -> None:
    store.change_documents("accounts", lambda _rows: [{"name": "anna"}])

    def fail(_rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        raise SettingsError("There must be one account.")

    with pytest.raises(SettingsError):
        store.change_documents("accounts", fail)
    assert store.documents("accounts") == [{"name": "anna"}]


def test_looking_does_not_write(store: SettingsStore, path: Path) -> None:
    store.change_site({"site": {"name": "Office"}})
    before = path.stat()
    store.effective()
    store.documents("accounts")
    after = path.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_the_files_are_for_their_user_alone(store: SettingsStore, path: Path) -> None:
    store.change_site({"snmp": {"credentials": [{"community": "s3cret"}]}})
    path.write_bytes(b"broken")
    store.effective()
    files = list(path.parent.iterdir())
    assert len(files) == 4
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600 or file.read_bytes() == b"broken", file.name


def child(what: str, path: Path, count: int = 0) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.appliance.settings.children", what, str(path), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def writer(path: Path) -> Iterator["subprocess.Popen[str]"]:
    with child("write", path) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("count", [1, 5, 20])
def test_kill_9_in_a_write_loop_leaves_a_whole_file(
    store: SettingsStore, path: Path, writer: "subprocess.Popen[str]", count: int
) -> None:
    assert writer.stdout is not None
    numbers = []
    for line in writer.stdout:
        numbers.append(int(line))
        if len(numbers) == count:
            writer.kill()
    json.loads(path.read_bytes())
    (row,) = store.documents("sessions")
    assert row["number"] - numbers[-1] in (0, 1)
    assert name_of(store) in (f"Site {numbers[-1]}", f"Site {numbers[-1] + 1}")
    assert store.documents(RECOVERIES) == []
    store.change_site({"site": {"name": "Afterwards"}})
    assert not list(path.parent.glob(".settings*.json.*")), "what the killed process left is gone"


def test_two_processes_that_change_settings_at_once_lose_nothing(store: SettingsStore, path: Path) -> None:
    with child("add", path, 25) as one, child("add", path, 25) as two:
        assert one.wait(60) == 0
        assert two.wait(60) == 0
    assert sorted(row["number"] for row in store.documents("sessions")) == sorted([*range(25), *range(25)])


@pytest.mark.parametrize(
    "content",
    [b"", b'{"settings_site": {"1": {"section', b"\xff\xfe", b"[]", b'{"settings_site": []}', b'{"accounts": {"x": 1}}', None],
)
def test_a_broken_or_vanished_file_is_replaced_by_the_good_copy_and_reported(
    store: SettingsStore, path: Path, content: bytes | None
) -> None:
    store.change_site({"site": {"name": "Office"}})
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    assert name_of(store) == "Office"
    assert name_of(store) == "Office"
    (recovery,) = store.documents(RECOVERIES)
    assert recovery["reason"]
    if content is None:
        assert recovery["kept_aside"] is None
    else:
        assert Path(recovery["kept_aside"]).read_bytes() == content


def nested(levels: int) -> bytes:
    return b'{"settings_site": {"1": {"section": "scan", "fields": ' + b"[" * levels + b"]" * levels + b"}}}"


@pytest.mark.parametrize(
    "content",
    [
        b'{"settings_site": {"1": {"fields": {}}}}',
        b'{"settings_site": {"1": {"section": "site"}}}',
        b'{"settings_site": {"1": {"section": "site", "fields": []}}}',
        b'{"settings_site": {"1": {"section": "site", "fields": null}}}',
        b'{"settings_hosting": {"1": {"section": 7, "fields": {}}}}',
        b'{"settings_site": {"1": {"section": ["site"], "fields": {}}}}',
        b'{"enrolment": {"1": {"site_id": "x"}}}',
        b'{"enrolment": {"1": {"url": null, "site_id": "x"}}}',
        b'{"accounts": {"1": {"password_hash": "x"}}}',
        b'{"settings_site": {"' + b"9" * 5000 + b'": {"section": "site", "fields": {}}}}',
        b'{"settings_site": {"1": {"section": "scan", "fields": {"read_minutes": ' + b"9" * 5000 + b"}}}}",
        b'{"settings_site": {"1": {"section": "site", "fields": {"name": "\\ud800"}}}}',
        '{"settings_site": {"1": {"section": "site", "fields": {"name": "Bür"}}}}'.encode("latin-1"),
        '{"settings_site": {}}'.encode("utf-16"),
        nested(120),
        nested(900),
        nested(100_000),
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
def test_json_of_another_shape_is_set_aside_and_the_good_copy_used(store: SettingsStore, path: Path, content: bytes) -> None:
    store.change_site({"site": {"name": "Office"}})
    path.write_bytes(content)
    assert name_of(store) == "Office"
    store.change_site({"site": {"name": "Office 2"}})
    (recovery,) = store.documents(RECOVERIES)
    assert Path(recovery["kept_aside"]).read_bytes() == content
    path.with_suffix(".good.json").write_bytes(content)
    path.write_bytes(content)
    with pytest.raises(SettingsError, match="no good copy beside it"):
        store.effective()


@pytest.mark.parametrize("settings", ["x", ["scan"], {"scan": 7}, {"scan": ["targets"]}, None])
def test_a_received_configuration_of_another_shape_is_as_good_as_none(store: SettingsStore, path: Path, settings: object) -> None:
    layers = (ReceivedLayer("global", "config/global/all.json", 1, "a" * 64, {"site": {"name": "From afar"}}, {}),)
    configuration = Configuration(layers, "2026-11-25T00:00:00Z", "0123456789abcdef")
    store.change_received(lambda received: received.applied(configuration, "", (), datetime(2026, 11, 25, tzinfo=UTC)))
    assert name_of(store) == "From afar"
    tables = json.loads(path.read_bytes())
    tables["received"]["1"]["in_force"]["layers"][0]["settings"] = settings
    path.write_text(json.dumps(tables))
    path.with_suffix(".good.json").write_text(json.dumps(tables))
    assert name_of(store) == ""


def test_a_broken_file_without_a_good_copy_is_never_replaced_by_defaults(store: SettingsStore, path: Path) -> None:
    store.change_site({"site": {"name": "Office"}})
    path.write_bytes(b"broken")
    path.with_suffix(".good.json").write_bytes(b"broken too")
    with pytest.raises(SettingsError, match=r"is broken.*no good copy beside it\. Restore it from a backup"):
        store.effective()
    with pytest.raises(SettingsError):
        store.change_site({"site": {"name": "Other"}})
    assert path.read_bytes() == b"broken"


def test_a_folder_that_does_not_exist_gives_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataFolderError, match=r"cannot be opened: No such file.*DCA_DATA_DIR"):
        SettingsStore(tmp_path / "nowhere" / "settings.json", {}).effective()


def test_a_full_disk_keeps_the_old_settings(tmp_path: Path) -> None:
    script = (
        "import resource, sys; from pathlib import Path; from appliance.settings.store import SettingsStore\n"
        "store = SettingsStore(Path(sys.argv[1]), {}); store.change_site({'site': {'name': 'Office'}})\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))\n"
        "try: store.change_documents('sessions', lambda rows: [{'filler': 'x' * 5000}])\n"
        "except Exception as error: print(type(error).__name__, error)\n"
        "print(store.effective().settings.site.name, store.documents('sessions'))\n"
    )
    path = tmp_path / "settings.json"
    output = subprocess.run([sys.executable, "-c", script, path], check=True, capture_output=True, text=True).stdout.splitlines()
    assert output[0].startswith(f"DataFolderError The settings could not be written to {path}: ")
    assert "The old settings stay in force." in output[0]
    assert output[1] == "Office []"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["settings.good.json", "settings.json", "settings.lock"]


def test_secrets_are_in_no_repr(store: SettingsStore) -> None:
    effective = store.change_site({"snmp": {"credentials": [{"community": "s3cret"}]}})
    assert "s3cret" not in repr(effective)
