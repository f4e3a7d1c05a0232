"""What sites and devices say does nothing to the terminal of the hosting team, and turns nothing on the pages of the console."""

import json
import tracemalloc
from pathlib import Path
from urllib.parse import urlencode

import pytest

from appliance.common.plain import plain
from hosting.cli import main
from tests.children import run_child
from tests.hosting.batches import batch, reading
from tests.hosting.commands.test_cli import hosting
from tests.hosting.person import Person
from tests.hosting.running import RunningServer
from tests.hosting.site import Site
from web.hidden_characters import HIDDEN

EVIL = "M1\x1b]0;owned\x07\x1b[2J\x9b31m\r\x1b[1A\u202efake\u2066"


@pytest.fixture
def migrated_address(migrated_sqlite: Path, tmp_path: Path) -> None:
    """Let the database be a file of the data folder, which the commands open, too."""
    (tmp_path / migrated_sqlite.name).write_bytes(migrated_sqlite.read_bytes())


@pytest.fixture
def talker(server: RunningServer) -> Site:
    """Return a site that says such a thing wherever it may say a text."""
    site = Site(server).enrol(EVIL)
    device = dict.fromkeys(("ip", "hostname", "manufacturer", "model", "description", "serial", "location", "firmware"), EVIL)
    told = reading("serial:ACME:1")
    told["device"] |= device
    told["status"] |= {"errors": [EVIL], "console": [EVIL]}
    told["alerts"] = [{"severity": EVIL, "group": EVIL, "code": EVIL, "description": EVIL}]
    told["supplies"] = [{"index": EVIL, "type": EVIL, "class": EVIL, "description": EVIL, "unit": EVIL, "level": 1, "source": EVIL}]
    told["trays"] = [{"index": EVIL, "name": EVIL, "media": EVIL}]
    told["misc"] = {EVIL: EVIL}
    told["reasons"] = {EVIL: EVIL}
    assert site.upload(batch(told)).status == 200
    image = {"execution": "closed", "result": "failure", "transaction": "1", "version": EVIL, "reason": EVIL, "text": EVIL}
    state = {
        "collector": EVIL,
        "problems": [{"name": EVIL, "text": EVIL}],
        "update": {"level": EVIL, "image": image | {"log": EVIL}},
        "configuration": {"state": EVIL, "outcome": {"what": EVIL, "reason": EVIL, "text": EVIL}, "layers": [{"path": EVIL}]},
        "privacy": {EVIL: EVIL},
        "traffic": {EVIL: 7},
    }
    assert site.check_in(state).status == 200
    return site


@pytest.mark.parametrize("command", ["sites", "devices"])
def test_a_list_on_the_terminal_is_one_line_each_of_what_shows(talker: Site, command: str) -> None:
    words: list[str | Path] = ["python", "-m", "hosting", command, "--data", talker.server.config.folder]
    [line] = run_child(words).stdout.removesuffix("\n").split("\n")
    assert line.isprintable()
    assert plain(EVIL)[:20] in line
    text = run_child([*words, "--json"]).stdout.removesuffix("\n")
    assert text.isprintable()
    [said] = json.loads(text)[command]
    assert said["site_name"] == EVIL


def test_what_a_command_says_of_a_site_shows(talker: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["site", "set", talker.site_id, "--data", str(talker.server.config.folder), "--no-expiry"]) == 0
    *_, said = capsys.readouterr().out.splitlines()  # a line of the server's log may have come late
    assert said.isprintable()
    assert said.startswith(plain(EVIL))


def test_no_page_has_a_control_in_it_or_turns_its_direction(talker: Site, person: Person) -> None:
    device = f"/device?{urlencode({'site': talker.site_id, 'key': 'serial:ACME:1'})}"
    for page in ("/sites", f"/sites/{talker.site_id}", "/devices", device, "/releases", "/enrolment", "/configuration"):
        answer = person.get(page)
        assert answer.status == 200
        assert HIDDEN.search(answer.text) is None, page
    assert "M1\\x1b]0;owned" in person.get(device).text


def test_a_text_within_a_line_is_set_apart_from_what_stands_around_it(server: RunningServer, person: Person) -> None:
    site = Site(server).enrol()
    site.check_in({"problems": [{"text": "הדיסק מלא"}]})
    assert "<bdi>הדיסק מלא</bdi>" in person.get(f"/sites/{site.site_id}").text


MANY = """INSERT INTO device_latest (site_id, device_key, first_seen_at, taken_at, received_at, condition, words, body)
WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 20000)
SELECT site_id, 'serial:B:' || n, first_seen_at, taken_at, received_at, condition, words, body
FROM number, (SELECT * FROM device_latest LIMIT 1) AS one"""


def test_devices_are_listed_page_by_page_each_once(talker: Site) -> None:
    talker.server.write(lambda connection: connection.exec_driver_sql(MANY.replace("20000", "2500")))
    words = ("devices", "--data", talker.server.config.folder)
    listed = json.loads(hosting(*words, "--json").stdout)["devices"]
    assert len(listed) == 2501
    assert set(listed[0]) == {"site_id", "site_name", "reading"}
    assert len(hosting(*words).stdout.splitlines()) == 2501


def test_however_many_devices_there_are_the_list_takes_no_more_memory(
    talker: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    talker.server.write(lambda connection: connection.exec_driver_sql(MANY.replace("20000", "6000")))
    with (tmp_path / "listed.json").open("w") as out, capsys.disabled():
        monkeypatch.setattr("sys.stdout", out)
        words = ["--data", str(talker.server.config.folder)]
        assert main(["sites", *words, "--json"]) == main(["devices", *words]) == 0  # what is loaded once is not counted
        out.seek(0)
        out.truncate()
        tracemalloc.start()
        try:
            assert main(["devices", *words, "--json"]) == 0
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    size = (tmp_path / "listed.json").stat().st_size
    assert size > 15_000_000
    assert peak < size
