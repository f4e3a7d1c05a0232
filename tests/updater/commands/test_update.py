"""`dca update …` beside a running supervisor."""

import json
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.common.clock import utc_now
from appliance.common.version import installed_version
from tests.children import Child, Finished, run_child
from tests.forked import run_forked
from tests.updater.harness import Appliance, wait_until
from tests.updater.offering import NEXT, OfferedTo
from updater.records import denied
from updater.records.history import Result, add

MOMENT = "2026-11-25T10:00:00Z"


class Commanded(OfferedTo):
    """A site, and the commands of its admin."""

    @property
    def environment(self) -> dict[str, str]:
        return {"DCA_DATA_DIR": str(self.folder), "DCA_RUN_DIR": str(self.folder / "run")}

    def dca(self, *words: str) -> Finished:
        return run_forked("updater", ["-m", "updater", "update", *words], environment=self.environment)


@pytest.fixture
def site(appliance: Appliance) -> Commanded:
    made = Commanded(appliance)
    made.settings(level="notify")
    return made


def test_status_tells_people_what_is_offered_and_what_became_of_others(site: Commanded) -> None:
    row = Result("cd" * 6, "0.0.8", "0.0.9", MOMENT, MOMENT, 31.0, "rolled_back", "unhealthy", "It was not healthy.", "auto")
    add(site.update, row)
    denied.add(site.update, denied.Denied("sha256:" + "c" * 64, "0.0.9", 1, MOMENT, "unhealthy"))
    site.settings(window="22:00-05:00", hold_until="2030-12-24")
    site.offer()
    site.start()
    finished = site.dca("status")
    assert finished.returncode == 0, finished.stderr
    for told in (
        f"Installed: {installed_version()}",
        f"Offered: {NEXT}. Version {NEXT} is offered, and waits: the admin of the site has to approve it",
        f"Notes of {NEXT}.",
        "Level: notify; window: 22:00-05:00",
        "held until: 2030-12-24",
        "Left alone: 0.0.9",
        "0.0.8 -> 0.0.9 taken back in 31 s. It was not healthy.",
    ):
        assert told in finished.stdout
    told_programs = json.loads(site.dca("status", "--json").stdout)
    assert told_programs["version"] == installed_version()
    assert told_programs["update"]["image"]["decision"]["version"] == NEXT


def test_status_says_less_while_the_appliance_does_not_run(site: Commanded) -> None:
    finished = site.dca("status")
    assert (finished.returncode, "The appliance is not running" in finished.stdout) == (0, True)
    assert json.loads(site.dca("status", "--json").stdout)["update"] is None


def test_apply_follows_until_the_container_is_replaced(site: Commanded) -> None:
    site.offer()
    site.answers("switching", "The container is being replaced.")
    (site.folder / "busy").touch()
    site.start()
    command = Child(["python", "-P", "-m", "updater", "update", "apply"], environment=site.environment)
    site.installed()
    site.progress("downloading", 40)
    command.wait_for("downloading, 40 %")
    (site.folder / "busy").unlink()
    finished = command.wait()
    assert (finished.returncode, "this command ends with it" in finished.stdout) == (0, True)
    assert site.runs() == [f"--by console --version {NEXT}"]


def test_apply_tells_why_it_failed(site: Commanded) -> None:
    site.start()
    finished = site.dca("apply")
    assert (finished.returncode, "has offered no version yet" in finished.stderr) == (1, True)
    site.offer()
    finished = site.dca("apply", "--version", NEXT)
    assert (finished.returncode, finished.stderr) == (1, "dca: The registry does not answer.\n")


def test_rollback_needs_something_to_go_back_to(site: Commanded) -> None:
    site.start()
    assert "nothing to go back to" in site.dca("rollback").stderr
    add(
        site.update,
        Result("cd" * 6, "0.0.9", installed_version(), MOMENT, MOMENT, 31.0, "installed", "", "It is installed.", "auto"),
    )
    site.answers("switching")
    assert site.dca("rollback").returncode == 0
    assert site.runs() == ["--by console --back"]


def test_hold_is_set_shown_and_taken_away_also_without_the_appliance(site: Commanded) -> None:
    assert site.dca("hold").stdout == "New versions are not held.\n"
    assert site.dca("hold", "2030-12-24").stdout == "No version is installed by itself until the end of 2030-12-24.\n"
    site.offer()
    site.start()
    assert "hold" in site.image["decision"]["waits"]
    site.dca("hold", "off")
    wait_until(lambda: "hold" not in site.image["decision"]["waits"])
    assert "is no day" in site.dca("hold", "soon").stderr
    tomorrow = f"{utc_now() + timedelta(days=1):%Y-%m-%d}"
    site.dca("hold", tomorrow)
    assert site.image["hold_until"] == tomorrow


def test_a_bundle_is_brought_into_the_data_folder_also_from_standard_input(site: Commanded, tmp_path: Path) -> None:
    file = tmp_path / "bundle.tar"
    file.write_bytes(b"bundle" * 1000)
    site.answers("switching")
    site.start()
    taken = site.appliance.paths.bundle
    assert site.dca("bundle", str(file), "--allow-expired").returncode == 0
    assert taken.read_bytes() == file.read_bytes()
    assert site.dca("bundle", str(taken)).returncode == 0
    words = ["sh", "-c", f"printf other | {sys.executable} -P -m updater update bundle -"]
    assert run_child(words, environment=site.environment).returncode == 0
    assert taken.read_bytes() == b"other"
    own = f"--by console --bundle {taken}"
    assert site.runs() == [f"{own} --allow-expired", own, own]
    finished = site.dca("bundle", str(tmp_path / "missing.tar"))
    assert (finished.returncode, "No such file" in finished.stderr) == (1, True)


def test_a_version_is_allowed_again(site: Commanded) -> None:
    denied.add(site.update, denied.Denied("sha256:" + "a" * 64, NEXT, 2, MOMENT, "unhealthy"))
    site.start()
    assert site.dca("allow", NEXT).stdout == f"Version {NEXT} may be installed again.\n"
    assert denied.read(site.update) == ()
    assert site.dca("allow", NEXT).returncode == 1


def test_an_installation_that_is_under_way_is_given_up(site: Commanded) -> None:
    site.offer()
    site.start()
    (site.folder / "busy").touch()
    ordered = threading.Thread(target=site.dca, args=("apply",))
    ordered.start()
    site.installed()
    finished = site.dca("cancel")
    assert finished.returncode == 0, finished.stderr
    assert "given up before anything was switched" in finished.stdout
    ordered.join()
    assert site.image["installing"] is None
    assert site.image["decision"]["waits"] == ["approval"], "nobody wants it any more"
    assert len(site.runs()) == 1


@pytest.mark.parametrize("done", [True, False])
def test_a_replacement_that_is_under_way_is_given_up_where_nothing_was_switched(site: Commanded, done: bool) -> None:
    site.offer()
    site.start()
    site.transaction("switching", NEXT)
    (site.folder / "answer").write_text(json.dumps({"done": done, "text": "So it is."}))
    finished = site.dca("cancel")
    assert finished.returncode == (0 if done else 1)
    assert "So it is." in (finished.stdout if done else finished.stderr)
    assert site.runs("cancel") == ["--by console"]


def test_there_has_to_be_something_to_give_up(site: Commanded) -> None:
    site.start()
    finished = site.dca("cancel")
    assert finished.returncode == 1
    assert "No update is under way." in finished.stderr
