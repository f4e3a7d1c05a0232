"""When neither the settings nor their good copy can be read there is one page that says so, until they can be read again."""

import os
import shutil
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from appliance.settings.store import SettingsStore
from tests.children import Child, run_child, wait_until
from tests.conftest import StartChild


def settings_of(environment: dict[str, str]) -> Path:
    folder = Path(environment["DCA_DATA_DIR"])
    folder.mkdir(exist_ok=True)
    file = folder / "settings.json"
    SettingsStore(file, {}).change_site({"site": {"name": "Office"}})
    return file


def page(environment: dict[str, str], path: str = "/", **headers: str) -> tuple[int, str]:
    """Return status and content of a page; 0 while nobody answers."""
    request = urllib.request.Request(f"http://127.0.0.1:{environment['DCA_WEB_PORT']}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def served(child: Child, environment: dict[str, str]) -> None:
    def answers() -> bool:
        assert child.running, child.wait().stderr
        return page(environment)[0] != 0

    wait_until("the page is served", answers, 60)


@pytest.mark.parametrize("content", [b"broken", b"[" * 100_000, b'{"settings_site": {"1": {"fields": null}}}'])
def test_both_files_broken_give_a_page_that_says_what_to_do(
    start_child: StartChild, environment: dict[str, str], content: bytes
) -> None:
    file = settings_of(environment)
    good = file.read_bytes()
    for broken in (file, file.with_suffix(".good.json")):
        broken.write_bytes(content)
    child = start_child(["python", "-P", "-m", "updater", "run"], environment=environment)
    served(child, environment)

    for path in ("/", "/settings", "/login?next=/"):
        status, text = page(environment, path)
        assert status == 503
        assert f"The settings file {file} is broken" in text
        assert "Restore it from a backup, or move it and settings.good.json away" in text
        assert "Traceback" not in text
    assert "Die Einstellungsdatei" in page(environment, **{"Accept-Language": "de"})[1]
    assert file.read_bytes() == content, "nothing is put in the place of what is lost"

    file.write_bytes(good)
    wait_until("the appliance goes on", lambda: page(environment, "/readyz") == (200, "ready\n"), 60)
    assert child.running
    assert child.stop().returncode == 0


def test_moved_away_it_begins_with_the_setup(start_child: StartChild, environment: dict[str, str]) -> None:
    file = settings_of(environment)
    for broken in (file, file.with_suffix(".good.json")):
        broken.write_bytes(b"broken")
    child = start_child(["python", "-P", "-m", "updater", "run"], environment=environment)
    served(child, environment)
    file.with_suffix(".good.json").unlink()
    file.rename(file.with_suffix(".aside"))
    wait_until("the setup is there", lambda: "token" in page(environment, "/setup")[1], 60)
    assert child.stop().returncode == 0


def test_it_ends_when_it_is_asked_to(start_child: StartChild, environment: dict[str, str]) -> None:
    file = settings_of(environment)
    for broken in (file, file.with_suffix(".good.json")):
        broken.write_bytes(b"broken")
    child = start_child(["python", "-P", "-m", "webui", "rescue"], environment=environment)
    served(child, environment)
    assert child.stop().returncode == 0


@pytest.mark.skipif(os.getuid() != 0 or not shutil.which("unshare"), reason="needs root and unshare, to mount read-only")
@pytest.mark.parametrize("command", ["-m updater run", "-m appliance", "-m webui"])
def test_a_read_only_volume_is_told_as_what_it_is(environment: dict[str, str], command: str) -> None:
    file = settings_of(environment)
    script = (
        f"mount --bind {file.parent} {file.parent} && mount -o remount,ro,bind {file.parent} && exec {sys.executable} -P {command}"
    )
    finished = run_child(["unshare", "--mount", "sh", "-c", script], environment=environment)
    assert finished.returncode == 1
    assert "lies on a volume that is mounted read-only. Mount it writable" in finished.stderr
    assert "chown" not in finished.stderr
