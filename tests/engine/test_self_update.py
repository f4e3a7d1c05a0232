"""The whole way on a real engine: a release is signed and offered, a site picks it up, moves to it, and the console says so."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from tests.children import wait_until
from tests.conftest import ROOT
from tests.engine.daemon import EngineKind, PrivateEngine
from tests.engine.derived import derive
from tests.engine.door import Door
from tests.engine.site import NAME, REPOSITORY, Site, Wanted
from tests.engine.team import ReleasingTeam, save_archive
from tests.ports import free_port
from tests.requirement import missing
from updater.records import denied, history

VERSIONS = {"9.0.1": "good", "9.0.2": "good", "9.0.3": "crashing", "9.0.4": "deaf"}
PICKED_UP_SECONDS = 180.0
TOLD_SECONDS = 60.0


class UpdatingSite(Site):
    """A site that is enrolled at a team, and what the team sees of it."""

    def __init__(self, engine: PrivateEngine, door: Door, team_folder: Path) -> None:
        super().__init__(engine, door, free_port())
        self.make_networks()
        self.team = ReleasingTeam(team_folder, self.gateway)

    def ended(self, version: str, outcome: str) -> str:
        """Wait for an update to end, and return its transaction."""

        def found() -> bool:
            return any(row.to_version == version for row in history.read(self.updates))

        try:
            wait_until(f"the update to {version} has ended", found, PICKED_UP_SECONDS)
        except AssertionError as error:
            said = [self.docker("exec", NAME, "dca", "update", "status"), self.docker("logs", "--tail", "40", NAME)]
            raise AssertionError(f"{error}: {history.read(self.updates)}\n{said}") from error
        row = next(row for row in history.read(self.updates) if row.to_version == version)
        assert row.outcome == outcome, row
        return row.transaction

    def told(self, *texts: str) -> None:
        """Wait until the page of the site in the console has all these texts."""
        try:
            wait_until("the console says so", lambda: all(text in self.page() for text in texts), TOLD_SECONDS)
        except AssertionError as error:
            raise AssertionError(f"the console does not say {texts}: {self.page()}") from error

    def page(self) -> str:
        """Return the page of the site in the console, without its tags."""
        [site_id] = set(re.findall(r"/sites/([0-9a-f-]{36})", self.team.person.get("/sites").text))
        answer = self.team.person.get(f"/sites/{site_id}")
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


@pytest.fixture(scope="module")
def private(engine: docker.DockerClient, appliance_image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateEngine]:
    """Yield an engine of its own that has the images of all versions."""
    kind = EngineKind.of_environment()
    if lacks := kind.available():
        missing(lacks)
    with PrivateEngine(tmp_path_factory.mktemp("engine"), kind) as made:
        made.bring("", appliance_image)
        client = made.client()
        for version, variant in VERSIONS.items():
            derive(client, f"{REPOSITORY}:{version}", version=version, variant=variant, base=appliance_image)  # type: ignore[arg-type]
        client.close()
        yield made


@pytest.fixture
def site(private: PrivateEngine, tmp_path: Path) -> Iterator[UpdatingSite]:
    """Yield a site of version 9.0.1 that is enrolled at a hosting team."""
    private.clear()
    allowed = documented_calls()
    with Door(private.folder / "door.sock", private.socket, lambda call: call.pattern in allowed) as door:
        made = UpdatingSite(private, door, tmp_path / "team")
        url = f"http://{made.gateway}:{made.team.port}"
        enrolment = made.team.command("enrolment-code", "--site", "Office", "--url", url)
        made.install(f"{REPOSITORY}:9.0.1", "unless-stopped", {"DCA_ENROLMENT": enrolment, "DCA_CHECK_IN_SECONDS": "5"})
        yield made
        made.team.stop()
    private.clear()


def documented_calls() -> set[str]:
    """Return the calls that a proxy of the socket has to let through, by the guide."""
    guide = (ROOT / "docs/site-guide.md").read_text()
    rows = re.findall(r"^\| (GET|POST|PUT|DELETE) \| (`/[^|]+`) \|", guide, re.MULTILINE)
    paths = [(method, path) for method, paths in rows for path in re.findall(r"`(/[^`]+)`", paths)]
    return {f"{method} {path.replace('/ID', '/{id}').replace('/NAME', '/{name}')}" for method, path in paths}


def archive(site: Site, version: str, tmp_path: Path) -> Path:
    """Return the archive of a version, which the engine of the site no longer has afterwards."""
    file = save_archive(site.engine.address, f"{REPOSITORY}:{version}", tmp_path / f"{version}.tar.gz")
    site.docker("rmi", f"{REPOSITORY}:{version}")
    return file


def test_a_release_is_picked_up_applied_and_confirmed_and_a_bad_one_is_taken_back(site: UpdatingSite, tmp_path: Path) -> None:
    new = site.image_id(f"{REPOSITORY}:9.0.2")
    site.team.release("9.0.2", "--archive", str(archive(site, "9.0.2", tmp_path)))
    site.team.offer("9.0.2")

    good = site.ended("9.0.2", "installed")
    _, problems = site.wait_end(Wanted(good, new, "installed"))
    assert problems == []
    site.told("Version 9.0.2 is installed.", "Runs 9.0.2")

    site.team.release("9.0.3", "--archive", str(archive(site, "9.0.3", tmp_path)), deadline=15)
    site.team.offer("9.0.3")

    bad = site.ended("9.0.3", "rolled_back")
    _, problems = site.wait_end(Wanted(bad, new, "rolled_back", denied=True))
    assert problems == []
    assert [row.version for row in denied.read(site.updates)] == ["9.0.3"]
    site.told("Version 9.0.3: failed.", "Runs 9.0.2")
    assert set(site.door.patterns) <= documented_calls(), "and nothing was refused that was needed"


def test_a_version_that_neither_checks_in_nor_uploads_is_taken_back_where_the_one_before_does(
    site: UpdatingSite, tmp_path: Path
) -> None:
    before = site.image_id(f"{REPOSITORY}:9.0.1")
    site.team.release("9.0.4", "--archive", str(archive(site, "9.0.4", tmp_path)), deadline=30)
    site.team.offer("9.0.4")

    bad = site.ended("9.0.4", "rolled_back")

    _, problems = site.wait_end(Wanted(bad, before, "rolled_back", denied=True))
    assert problems == []
    result = site.result(bad)
    assert result is not None
    assert result.reason == "no contact"
    site.told("Version 9.0.4: failed.", "Runs 9.0.1")
