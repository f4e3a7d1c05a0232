"""What the server signs stays valid by itself; what people sign raises alarms in time."""

import asyncio
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from appliance.common.clock import utc_now
from hosting.repository import renewal
from hosting.repository.edition import Edition
from hosting.repository.folder import RepositoryFolder
from hosting.repository.publication import publish
from hosting.repository.renewal import RepositoryRenewal
from hosting.repository.repository import Repository
from tests.conftest import StartChild
from tests.hosting.commands.test_cli import serve

from .published import Published, document, done, hosting, site_of

ONE, TWO = "config/site/one.json", "config/site/two.json"


def later(**time: float) -> timedelta:
    return timedelta(**time)


def test_nothing_is_signed_before_half_of_its_validity(published: Published, repository: Repository) -> None:
    before = published.tree()

    assert repository.resign(utc_now() + later(hours=11)) == []
    assert published.tree() == before


def test_the_timestamp_is_signed_at_half_of_its_day(published: Published, repository: Repository, tmp_path: Path) -> None:
    assert repository.resign(utc_now() + later(hours=12)) == ["timestamp"]

    assert published.signed("timestamp")["version"] == 2
    with site_of(published, tmp_path) as site:
        assert site.refresh().returncode == 0


def test_with_a_new_snapshot_go_all_that_are_a_quarter_through(published: Published, repository: Repository) -> None:
    now = utc_now()

    assert repository.resign(now + later(days=3.5)) == [*[f"site-{number:03x}" for number in range(1024)], "snapshot", "timestamp"]

    states = {condition.role: condition for condition in repository.condition(now + later(days=3.5))}
    assert {condition.state for condition in states.values()} == {"ok"}
    assert (states["globalcfg"].version, states["snapshot"].version, states["site-3ff"].version) == (1, 2, 2)
    assert states["root"].threshold == 2
    assert len(states["root"].signatures) == 2


@pytest.mark.parametrize(("days", "state"), [(44, "ok"), (45, "due"), (67.5, "late"), (90, "expired")])
def test_a_role_is_due_at_half_and_late_at_a_quarter(repository: Repository, days: float, state: str) -> None:
    (release,) = [one for one in repository.condition(utc_now() + later(days=days, minutes=1)) if one.role == "release"]

    assert release.state == state


def test_several_servers_sign_once(published: Published, repository: Repository) -> None:
    moment = utc_now() + later(hours=13)

    with ThreadPoolExecutor(3) as threads:
        signed = list(threads.map(lambda _: repository.resign(moment), range(3)))

    assert sorted(signed) == [[], [], ["timestamp"]]
    assert published.signed("timestamp")["version"] == 2


def test_what_no_site_asks_for_any_more_is_removed(published: Published, repository: Repository, tmp_path: Path) -> None:
    for version in (1, 2, 3):
        repository.publish_configuration({ONE: document(version)})
    repository.publish_configuration({TWO: document(1)})
    before = published.tree()

    repository.resign(utc_now())
    assert published.tree() == before

    repository.resign(utc_now() + later(hours=2))
    gone = before.keys() - published.tree().keys()
    (bin_of_one,) = [one.role for one in repository.condition(utc_now()) if one.version == 4]
    assert {path for path in gone if path.startswith("metadata/")} == {
        *(f"metadata/{version}.snapshot.json" for version in (1, 2, 3)),
        *(f"metadata/{version}.{bin_of_one}.json" for version in (1, 2, 3)),
    }
    assert len([path for path in gone if path.startswith("targets/")]) == 2
    with site_of(published, tmp_path) as site:
        assert (site.fetch(ONE), site.fetch(TWO)) == (document(3), document(1))


def told(logs: Sequence[object]) -> list[tuple[str, str]]:
    return [(entry["log_level"], entry["role"]) for entry in logs if isinstance(entry, dict) and "role" in entry]


def test_people_are_told_in_time_and_once_a_day(published: Published) -> None:
    renewal, now = RepositoryRenewal(published.repository), utc_now()

    with capture_logs() as logs:
        renewal.look_after(now + later(days=46))
        renewal.look_after(now + later(days=46, hours=1))
    assert told(logs) == [("warning", "release")]
    assert "renew release" in next(entry["advice"] for entry in logs if "advice" in entry)

    with capture_logs() as logs:
        renewal.look_after(now + later(days=68))
    assert told(logs) == [("error", "release")]


def test_a_server_that_cannot_sign_says_why_and_what_is_late(published: Published) -> None:
    for path in (published.repository / "keys").iterdir():
        path.unlink()

    with capture_logs() as logs:
        RepositoryRenewal(published.repository).look_after(utc_now() + later(hours=19))

    assert "is not in" in logs[0]["reason"]
    assert told(logs) == [("error", "timestamp")]


def sign_timestamp(published: Published, *, hours_ago: float) -> None:
    folder = RepositoryFolder(published.repository)
    with folder.locked():
        publish(Edition.after(folder, utc_now() - later(hours=hours_ago)))


def test_a_server_signs_what_is_due_as_it_starts(published: Published, start_child: StartChild) -> None:
    done(hosting("init", "--data", published.data))
    sign_timestamp(published, hours_ago=13)

    child, _ = serve(start_child, published.data, "--http")

    child.wait_for("the repository was signed anew")
    assert published.signed("timestamp")["version"] == 3


def test_an_unforeseen_fault_does_not_end_the_signing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewal, "RESIGN_SECONDS", 0)

    async def run() -> None:
        with ThreadPoolExecutor(1) as threads:
            threads.shutdown()  # each look fails at once, and not as the repository's errors do
            task = asyncio.create_task(renewal.resign_regularly(tmp_path, threads))
            while len(logged) < 3 and not task.done():
                await asyncio.sleep(0)
            assert not task.done()
            task.cancel()

    with capture_logs() as logged:
        asyncio.run(run())
    assert {line["log_level"] for line in logged} == {"error"}


def test_the_status_names_each_role_and_who_signed_it(published: Published) -> None:
    said = done(published.run("status"))

    assert [line.split()[0] for line in said.splitlines()] == [
        *("ROLE", "release", "root", "targets", "config", "globalcfg", "snapshot", "timestamp", "site-*")
    ]
    roles = json.loads(done(published.run("status", "--json")))["roles"]
    assert len(roles) == 7 + 1024
    assert {role["state"] for role in roles} == {"ok"}


def test_the_status_fails_when_a_role_is_late(published: Published) -> None:
    sign_timestamp(published, hours_ago=20)

    finished = published.run("status")

    assert finished.returncode == 1
    assert "late" in finished.stdout
