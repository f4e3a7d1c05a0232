"""Sites and devices that are removed: after a delay, as far as the last row, and what is alive on the day is kept."""

import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from appliance.common.clock import utc_now
from appliance.settings.document import site_path
from hosting.configuration.publication import Publishing, in_group
from hosting.configuration.scope import site_scope
from hosting.db import removal
from hosting.db.connection.database import Database
from hosting.db.tables import KEPT_OF_SITES, configuration, metadata, site_name
from hosting.db.tables import audit as audit_table
from hosting.db.tables import removal as removal_table
from hosting.db.tables import site as site_table
from hosting.jobs.plan import Job, job_named
from hosting.jobs.runner import JobRunner
from hosting.releases.publication import Rollouts
from hosting.releases.rollout import Audience, Wish
from tests.hosting.batches import batch, batch_id, moment, reading
from tests.hosting.commands.test_cli import done, hosting, one_sentence
from tests.hosting.history.days import roll_up
from tests.hosting.person import Person
from tests.hosting.running import RunningServer
from tests.hosting.site import Site

KEY, OTHER = "serial:ACME:1", "serial:ACME:2"
OF_PLANS = {"removal", "installation", "audit"}


def event(key: str) -> dict[str, Any]:
    return {"id": batch_id(), "device_key": key, "at": moment(), "kind": "device_found", "text": "found", "detail": {}}


def told(site: Site) -> Site:
    """Return a site that has said something for each table."""
    readings = [reading(key, total=1000 - hours, hours=hours) for key in (KEY, OTHER) for hours in (1, 31, 61)]
    assert site.upload(batch(*readings) | {"events": [event(KEY), event(OTHER)]}).status == 200
    assert site.check_in({"problems": []}).status == 200
    return site


def rows(database: Database, site_id: str, device_key: str | None = None) -> dict[str, int]:
    """Return how many rows there are of a site, or of one of its devices, by the names of the tables that have any."""
    found = {}
    with database.reading() as connection:
        for table in metadata.tables.values():
            if "site_id" not in table.c or (device_key and "device_key" not in table.c):
                continue
            theirs = [table.c.site_id == site_id, *([table.c.device_key == device_key] if device_key else [])]
            found[table.name] = connection.execute(sa.select(sa.func.count()).select_from(table).where(*theirs)).scalar_one()
    return {name: count for name, count in found.items() if count}


def plan(server: RunningServer, site: Site, days: int = 0, **options: Any) -> None:
    with server.database.writing() as connection:
        removal.plan(connection, site.site_id, days, actor="Ada", **options)


def remove_what_is_due(server: RunningServer, job: Job | None = None) -> None:
    job = job or job_named("removal")
    assert job
    run = JobRunner(server.database, server.config).run_now(job, rest=0)
    assert run
    assert run.error is None


def actions(database: Database, site_id: str) -> list[str]:
    with database.reading() as connection:
        chosen = sa.select(audit_table.c.action).where(audit_table.c.site_id == site_id)
        return list(connection.execute(chosen).scalars())


def test_nothing_but_the_audit_log_is_left_of_a_site(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removal, "STEP_ROWS", 2)
    gone, stays = told(Site(server).enrol("Mill")), told(Site(server).enrol("Yard"))
    roll_up(server.database)
    before = rows(server.database, stays.site_id)
    assert {"reading", "device_day", "device_latest", "event", "batch", "site", "site_name"} <= before.keys()
    plan(server, gone)
    remove_what_is_due(server)
    assert rows(server.database, gone.site_id).keys() <= KEPT_OF_SITES
    assert rows(server.database, stays.site_id) == before
    assert "site removed" in actions(server.database, gone.site_id)
    assert gone.check_in().status == 401
    again = Site(server).enrol("Mill")
    assert again.site_id != gone.site_id


def test_until_its_day_a_site_is_turned_away_and_can_be_kept_as_it_was(server: RunningServer, site: Site) -> None:
    told(site)
    before = rows(server.database, site.site_id)
    plan(server, site, 30)
    remove_what_is_due(server)
    assert site.check_in().status == 403
    with server.database.writing() as connection:
        assert removal.call_off(connection, site.site_id, actor="Ada")
        assert not removal.call_off(connection, site.site_id, actor="Ada")
    assert site.check_in().status == 200
    after = rows(server.database, site.site_id)
    assert {name: after[name] for name in ("reading", "device_latest", "event")} == {
        name: before[name] for name in ("reading", "device_latest", "event")
    }


def test_a_site_that_was_turned_away_before_stays_so_when_it_is_kept(server: RunningServer, site: Site, person: Person) -> None:
    person.post(f"/sites/{site.site_id}/revoke")
    plan(server, site, 30)
    plan(server, site, 10)
    with server.database.writing() as connection:
        assert removal.call_off(connection, site.site_id, actor="Ada")
    assert site.check_in().status == 403


def test_what_a_person_has_turned_away_since_stays_so(server: RunningServer, site: Site, person: Person) -> None:
    plan(server, site, 30)
    with server.database.writing() as connection:
        connection.execute(sa.update(removal_table).values(planned_at=utc_now() - timedelta(minutes=1)))
        connection.execute(sa.update(site_table).values(revoked_at=utc_now() - timedelta(minutes=1)))
    person.post(f"/sites/{site.site_id}/admit")
    person.post(f"/sites/{site.site_id}/revoke")
    assert person.post(f"/sites/{site.site_id}/keep").status == 302
    assert site.check_in().status == 403


def test_what_has_begun_is_not_called_off_and_its_name_is_free(
    server: RunningServer, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removal, "STEP_ROWS", 1)
    told(site)
    plan(server, site)
    for _ in range(3):
        with server.database.writing() as connection:
            assert removal.step(connection).more
    with server.database.writing() as connection:
        assert not removal.call_off(connection, site.site_id, actor="Ada")
        removal.plan(connection, site.site_id, 30, actor="Ada")
    again = Site(server).enrol()
    assert again.site_id != site.site_id
    told(again)
    before = rows(server.database, again.site_id)
    remove_what_is_due(server)
    assert rows(server.database, site.site_id).keys() <= KEPT_OF_SITES
    assert rows(server.database, again.site_id) == before


def test_what_comes_of_a_device_while_it_goes_is_kept(server: RunningServer, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removal, "STEP_ROWS", 1)
    told(site)
    roll_up(server.database)
    plan(server, site, device_key=KEY)
    with server.database.writing() as connection:
        assert removal.step(connection).more
        connection.execute(sa.update(removal_table).values(begun_at=utc_now() - timedelta(seconds=1)))
        for table in (metadata.tables[name] for name in ("reading", "device_latest", "event", "reading_ahead")):
            connection.execute(sa.update(table).values(received_at=utc_now() - timedelta(seconds=2)))
    assert site.upload(batch(reading(KEY, total=3000))).json()["accepted"] == 1
    remove_what_is_due(server)
    left = rows(server.database, site.site_id, KEY)
    assert (left["reading"], left["device_latest"]) == (1, 1)
    assert "device_day" not in left


def test_the_rollout_says_nothing_of_a_site_that_is_gone(signing_server: RunningServer, publishing: Publishing) -> None:
    gone, stays = Site(signing_server).enrol("Mill"), Site(signing_server).enrol("Yard")
    rollouts = Rollouts(publishing)
    for site in (gone, stays):
        rollouts.publish(rollouts.prepare(Audience("stable", site_id=site.site_id), Wish(action="hold"), {}), actor="Ada")
    plan(signing_server, gone)
    remove_what_is_due(signing_server)
    assert [set(channel.sites) for channel in rollouts.in_force().channels.values()] == [{stays.site_id}]


def test_a_site_that_enrolled_again_in_the_meantime_is_kept(server: RunningServer, site: Site) -> None:
    told(site)
    plan(server, site)
    again = Site(server).enrol()
    assert again.site_id == site.site_id
    remove_what_is_due(server)
    assert rows(server.database, site.site_id)["reading"] == 6
    assert again.check_in().status == 200
    assert "removal called off" in actions(server.database, site.site_id)


def test_a_device_goes_alone(server: RunningServer, site: Site) -> None:
    told(site)
    roll_up(server.database)
    plan(server, site, device_key=KEY)
    remove_what_is_due(server)
    assert rows(server.database, site.site_id, KEY) == {}
    assert rows(server.database, site.site_id, OTHER)["reading"] >= 1
    assert site.upload(batch(reading(OTHER, total=2000))).status == 200


def test_a_device_that_was_read_since_is_kept(server: RunningServer, site: Site) -> None:
    told(site)
    plan(server, site, device_key=KEY)
    with server.database.writing() as connection:
        connection.execute(sa.update(removal_table).values(planned_at=utc_now() - timedelta(minutes=1)))
    assert site.upload(batch(reading(KEY, total=3000))).status == 200
    remove_what_is_due(server)
    assert rows(server.database, site.site_id, KEY)["reading"] == 4


def test_a_run_that_is_cut_off_anywhere_goes_on(server: RunningServer, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removal, "STEP_ROWS", 1)
    told(site)
    plan(server, site)
    cut = 0
    while rows(server.database, site.site_id).keys() - OF_PLANS:
        cut += 1
        assert cut < 200
        with server.database.writing() as connection:
            more = removal.step(connection).more
        if not more:
            remove_what_is_due(server)
    assert cut > 6


def test_the_signed_configuration_of_a_site_goes_with_it(signing_server: RunningServer, publishing: Publishing) -> None:
    site = Site(signing_server).enrol("Mill")
    publishing.publish(publishing.prepare(site_scope(site.site_id, "Mill"), in_group("north")), actor="Ada")
    path = site_path(site.site_id)
    assert publishing.document(path)[0] is not None
    plan(signing_server, site)
    remove_what_is_due(signing_server)
    with signing_server.database.reading() as connection:
        contents = connection.execute(sa.select(configuration.c.content).where(configuration.c.path == path)).scalars().all()
    assert len(contents) == 2
    assert set(contents) == {None}
    published = publishing.published()
    assert not [role for role in published.files if path in published.targets(role)]


def test_another_name_is_taken_everywhere_at_once(server: RunningServer, person: Person) -> None:
    mill, _ = Site(server).enrol("Mill"), Site(server).enrol("Yard")
    page = f"/sites/{mill.site_id}"
    assert person.post(f"{page}/rename", {"name": " Old mill "}).status == 302
    assert "Old mill" in person.get(page).text
    for wrong in ("Yard", "", "x" * 101, mill.site_id.upper()):
        assert person.post(f"{page}/rename", {"name": wrong}).status == 422
    with server.database.reading() as connection:
        names = set(connection.execute(sa.select(site_name.c.name)).scalars())
        assert connection.execute(sa.select(site_table.c.name).where(site_table.c.site_id == mill.site_id)).scalar() == "Old mill"
    assert names == {"Old mill", "Yard"}
    assert Site(server).enrol("Mill").site_id != mill.site_id


def test_the_pages_plan_say_and_call_off(server: RunningServer, site: Site, person: Person) -> None:
    told(site)
    page = f"/sites/{site.site_id}"
    assert person.post(f"{page}/keep").status == 409
    assert person.post(f"{page}/remove").status == 302
    assert "This site will be removed" in person.get(page).text
    assert person.post(f"{page}/keep").status == 302
    assert "This site will be removed" not in person.get(page).text
    of_device = {"site": site.site_id, "key": KEY}
    assert person.post("/device/remove", of_device).status == 302
    assert "This device will be removed" in person.get(f"/device?site={site.site_id}&key={KEY}").text
    assert person.post("/device/keep", of_device).status == 302
    assert person.post("/device/keep", of_device).status == 409
    assert person.post("/device/remove", of_device | {"key": "serial:ACME:\x00"}).status == 404


@pytest.fixture
def folder(tmp_path: Path, start_server: Callable[..., RunningServer]) -> Path:
    """Return a data folder with a site that has said something, and no server at it."""
    server = start_server()
    assert told(Site(server).enrol("Mill")).upload(batch(reading(KEY, total=9000, hours=-100))).status == 200
    roll_up(server.database)
    return tmp_path


def test_a_site_is_exported_whole_and_removed_by_commands(
    folder: Path, migrated_address: str | None, server: RunningServer
) -> None:
    environment = {"DCA_HOSTING_DATABASE_URL": migrated_address} if migrated_address else {}

    def command(*words: str | Path) -> Any:
        return hosting(*words, "--data", folder, environment=environment)

    file = folder / "mill.zip"
    said = done(command("site", "export", "Mill", file))
    assert "6 readings" in said
    assert "1 ahead, 2 events" in said
    assert file.stat().st_mode & 0o077 == 0
    assert "exists already" in one_sentence(command("site", "export", "Mill", file))
    with zipfile.ZipFile(file) as archive:
        lines = {name: archive.read(name).decode().splitlines() for name in archive.namelist()}
    assert {json.loads(line)["device"]["key"] for line in lines["devices.jsonl"]} == {KEY, OTHER}
    assert len(lines["readings.jsonl"]) == 6
    assert sum(json.loads(line)["number"] for line in lines["days.jsonl"]) >= 2
    assert len(lines["events.jsonl"]) == 2
    assert json.loads("".join(lines["site.json"]))["name"] == "Mill"

    assert "called Old mill now" in done(command("site", "rename", "Mill", "Old mill"))
    assert "no site called 'Mill'" in one_sentence(command("site", "remove", "Mill", "--yes"))
    assert "Give --yes" in one_sentence(command("site", "remove", "Old mill"))
    assert "--device is empty" in one_sentence(command("site", "remove", "Old mill", "--device", "", "--yes"))
    assert "--device is empty" in one_sentence(command("site", "keep", "Old mill", "--device", ""))
    assert "no device with the key" in one_sentence(command("site", "remove", "Old mill", "--device", "x", "--yes"))
    said = done(command("site", "remove", "Old mill", "--device", KEY, "--days", "0", "--yes"))
    assert f"--device {KEY}" in said
    assert "is kept" in done(command("site", "keep", "Old mill", "--device", KEY))
    assert "Nothing is going to be removed" in one_sentence(command("site", "keep", "Old mill"))
    second = folder / "again.zip"
    done(command("site", "remove", "Old mill", "--days", "0", "--export", second, "--yes"))
    assert second.exists()
    done(command("jobs", "--run", "removal"))
    assert "Old mill" not in done(command("sites"))
