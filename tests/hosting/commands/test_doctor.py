"""`dca-hosting doctor` says what is wrong, one line each, and how it is mended."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from appliance.common.clock import utc_now
from hosting.certificates import CertificateFiles, make_authority, make_server_certificate
from hosting.config import Config
from hosting.db import installation, jobs
from hosting.db.tables import account, job
from hosting.diagnosis import Finding, State, examine
from hosting.jobs.plan import JOBS
from hosting.jobs.runner import JobRunner
from tests.hosting.repository.published import done, hosting
from tests.hosting.running import RunningServer


def found(config: Config, name: str, *, days: float = 0) -> list[Finding]:
    return [finding for finding in examine(config, now=utc_now() + timedelta(days=days)) if finding.name == name]


def states(config: Config, name: str, *, days: float = 0) -> list[State]:
    return [finding.state for finding in found(config, name, days=days)]


@pytest.fixture
def well(signing_server: RunningServer) -> Config:
    """Return an installation with nothing to mend."""
    folder = signing_server.config.folder
    folder.chmod(0o700)
    for path in [*folder.glob("hosting.db*"), *(folder / "repository" / "keys").iterdir()]:
        path.chmod(0o600)
    files = CertificateFiles(folder)
    make_authority(files)
    make_server_certificate(files, ["mps.example"])
    for one in JOBS:
        JobRunner(signing_server.database, signing_server.config).run_now(one, rest=0)
    signing_server.write(lambda connection: installation.note_backup(connection, utc_now()))
    return signing_server.config


def test_nothing_is_wrong_with_an_installation_that_is_well(well: Config) -> None:
    assert [finding for finding in examine(well) if finding.state != "ok"] == []
    names = {finding.name for finding in examine(well)}
    assert names >= {"data folder", "disk", "database", "schema", "repository", "certificate", "jobs", "connections", "backup"}
    assert ("clock" in names) == (well.database_url is not None)


def others_may_read_a_key(config: Config) -> None:
    CertificateFiles(config.folder).server_key.chmod(0o644)


def a_key_is_gone(config: Config) -> None:
    shutil.rmtree(config.repository / "keys")


def the_certificate_is_none(config: Config) -> None:
    CertificateFiles(config.folder).server.write_text("nothing")


@pytest.mark.parametrize(
    ("harm", "name", "state", "words"),
    [
        (others_may_read_a_key, "data folder", "warning", "chmod"),
        (a_key_is_gone, "repository", "failed", "cannot sign"),
        (the_certificate_is_none, "certificate", "failed", "cannot be used"),
    ],
)
def test_what_is_wrong_with_files_is_found(
    well: Config, harm: Callable[[Config], None], name: str, state: State, words: str
) -> None:
    harm(well)

    worst = next(finding for finding in found(well, name) if finding.state == state)
    assert words in f"{worst.text} {worst.advice}"


def test_what_time_brings_is_found(well: Config) -> None:
    assert states(well, "certificate", days=370) == ["warning"]
    assert states(well, "certificate", days=400) == ["failed"]
    assert states(well, "backup", days=3) == ["warning"]
    assert "failed" in states(well, "repository", days=2)
    assert states(well, "jobs", days=9) == ["failed"] * len(JOBS)
    assert "renew release" in " ".join(finding.advice for finding in found(well, "repository", days=80))


def test_what_is_wrong_with_the_database_is_found(well: Config, signing_server: RunningServer) -> None:
    run = jobs.Run(utc_now(), 1.0, 0, "It did not work.")
    with signing_server.database.writing() as connection:
        connection.execute(sa.delete(account))
        connection.execute(sa.update(job).where(job.c.name == JOBS[0].name).values(error=run.error))
        connection.execute(sa.delete(job).where(job.c.name == JOBS[1].name))
    assert states(well, "account") == ["failed"]
    assert states(well, "jobs") == ["failed", "warning"]

    with signing_server.database.writing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    assert states(well, "schema") == ["warning"]
    with signing_server.database.writing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    assert states(well, "schema") == ["failed"]


def test_a_database_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    config = Config(tmp_path, database_url="postgresql://dca:secret@127.0.0.1:1/dca")

    said = " ".join(finding.text for finding in examine(config))

    assert states(config, "database") == ["failed"]
    assert "secret" not in said


def test_a_proxy_that_nobody_trusts_is_found(well: Config) -> None:
    assert states(replace(well, public_urls=("https://mps.example",)), "address") == ["warning"]
    assert states(replace(well, public_urls=("http://mps.example",)), "address") == ["warning", "warning"]


def test_how_far_a_restore_has_come_is_told(well: Config, signing_server: RunningServer) -> None:
    signing_server.write(lambda connection: installation.begin_generation(connection, utc_now(), utc_now()))

    assert [(finding.state, finding.text.partition("; ")[2]) for finding in found(well, "restore")] == [
        ("ok", "0 of 0 sites know so."),
        ("failed", ""),
    ]


def test_the_command_ends_with_1_where_something_failed_and_speaks_json(tmp_path: Path) -> None:
    nowhere = hosting("doctor", "--data", tmp_path / "nowhere")
    assert nowhere.returncode == 1
    assert "is not there" in nowhere.stdout
    done(hosting("init", "--data", tmp_path / "data"))

    lines = done(hosting("doctor", "--data", tmp_path / "data")).splitlines()
    listed = json.loads(done(hosting("doctor", "--data", tmp_path / "data", "--json")))["findings"]

    assert any(line.startswith("WARNING  jobs") for line in lines)
    assert [finding["name"] for finding in listed if finding["state"] == "failed"] == []
