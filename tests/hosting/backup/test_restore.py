"""A backup of a running server makes the same server elsewhere, of one moment, and nothing else is taken for a backup."""

import io
import json
import stat
import tarfile
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from appliance.common.clock import utc_now
from hosting.backup.archive import verified
from hosting.backup.backup import write_backup
from hosting.backup.restore import restore
from hosting.certificates import CertificateFiles, make_authority, make_server_certificate
from hosting.config import Config
from hosting.configuration.layer_text import Wanted
from hosting.configuration.publication import Publishing
from hosting.configuration.scope import group_scope
from hosting.db import copies, sites
from hosting.db.connection.database import Database, database_url
from hosting.db.migrate import make_schema, newest_schema
from hosting.db.tables import audit, enrolment_code, installation, metadata, reading, session, site_generation
from hosting.errors import DataError
from hosting.repository.folder import RepositoryFolder
from tests.children import wait_until
from tests.hosting.batches import batch
from tests.hosting.batches import reading as one_reading
from tests.hosting.person import Person
from tests.hosting.running import RunningServer
from tests.hosting.site import Site

AT_MOST = 100
"""Batches that a site may send without a pause."""
CHANGED = {audit, enrolment_code, installation, session, site_generation}
"""Tables in which a restore changes something."""


def rows(database: Database, table: sa.Table) -> list[tuple[Any, ...]]:
    with database.reading() as connection:
        return sorted((tuple(row) for row in connection.execute(sa.select(table))), key=str)


def opened(config: Config) -> Database:
    return Database(database_url(config.database_url, config.folder))


def full(server: RunningServer) -> Site:
    """Fill a server with something of most kinds."""
    site = Site(server).enrol("Mühle")
    site.check_in({"site_name": "\\N\t\n\x01 'ü'", "time_zone": "UTC"})
    site.upload(batch(one_reading("serial:HP:a"), one_reading("serial:HP:b")))
    server.write(lambda connection: sites.queue_command(connection, site.site_id, "scan_now", actor="admin"))
    return site


def test_a_restored_server_is_the_same(signing_server: RunningServer, elsewhere: Config, tmp_path: Path) -> None:
    full(signing_server)
    files = CertificateFiles(tmp_path)
    make_authority(files)
    make_server_certificate(files, ["mps.example"])
    write_backup(signing_server.config, signing_server.database, tmp_path / "backup")

    restore(elsewhere, tmp_path / "backup")

    assert stat.S_IMODE((tmp_path / "backup").stat().st_mode) == 0o600
    with opened(elsewhere) as database:
        for table in set(metadata.sorted_tables) - CHANGED:
            assert rows(database, table) == rows(signing_server.database, table), table.name
    for name in ("ca.pem", "ca.key", "server.pem", "server.key", "repository"):
        assert contents(elsewhere.folder / name) == contents(tmp_path / name)
    for key in (elsewhere.folder / "repository" / "keys").iterdir():
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert not list(tmp_path.glob(".backup*"))
    assert sorted(path.name for path in elsewhere.folder.glob(".*")) == []


def contents(path: Path) -> dict[str, bytes]:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file() and file.name != ".lock"]
    return {str(file.relative_to(path)): file.read_bytes() for file in files}


def test_publications_and_readings_go_on_and_what_is_restored_is_of_one_moment(
    signing_server: RunningServer, publishing: Publishing, elsewhere: Config, tmp_path: Path
) -> None:
    site, stop = Site(signing_server).enrol(), threading.Event()
    published, sent = [0], [0]

    def next_wish(before: Wanted) -> Wanted:
        return replace(before, settings={"scan": {"read_minutes": 30 + published[0]}})

    def publish() -> None:
        while not stop.is_set():
            proposal = publishing.prepare(group_scope("north"), next_wish)
            publishing.publish(proposal, actor="admin")
            published[0] += 1

    def send() -> None:
        while not stop.is_set() and sent[0] < AT_MOST:
            assert site.upload(batch(one_reading(f"serial:HP:d{sent[0]}"))).status == 200
            sent[0] += 1

    threads = [threading.Thread(target=work) for work in (publish, send)]
    for thread in threads:
        thread.start()
    try:
        wait_until("something was published and sent", lambda: published[0] >= 1 and sent[0] >= 3, 60)
        write_backup(signing_server.config, signing_server.database, tmp_path / "backup")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    restore(elsewhere, tmp_path / "backup")

    with opened(elsewhere) as database:
        restored = Publishing(elsewhere, database)
        content, version = restored.document("config/group/north.json")
        [target] = [target for target in restored.published().targets("globalcfg").values() if "north" in target.path]
        assert target.read() == content
        assert json.loads(target.read())["version"] == version
        assert {row[1] for row in rows(database, reading)} == {f"serial:HP:d{number}" for number in range(count(database))}


def count(database: Database) -> int:
    with database.reading() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(reading)).scalar_one()


def test_sessions_and_codes_that_nobody_had_used_count_no_more(server: RunningServer, elsewhere: Config, tmp_path: Path) -> None:
    Person(server).log_in()
    server.code("Mill")
    write_backup(server.config, server.database, tmp_path / "backup")

    restore(elsewhere, tmp_path / "backup")

    assert server.count(session) == 1
    with opened(elsewhere) as database:
        assert rows(database, session) == []
        with database.reading() as connection:
            assert sites.open_codes(connection, limit=9)[1].number == 0


def truncated(content: bytes) -> bytes:
    return content[: len(content) // 2]


def without_its_end(content: bytes) -> bytes:
    """Cut before the manifest, at the end of a member, as a full disk or a broken pipe may."""
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        return content[: tar.getmember("manifest.json").offset]


def with_another_byte(content: bytes) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        place = tar.getmembers()[0].offset_data + 40
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def no_archive(_content: bytes) -> bytes:
    return b"SQLite format 3\0" * 100


def changed(content: bytes, old: bytes, new: bytes) -> bytes:
    assert content.count(old) == 1
    assert len(old) == len(new)
    return content.replace(old, new)


def of_a_newer_schema(content: bytes) -> bytes:
    return changed(content, f'"schema": "{newest_schema()}"'.encode(), b'"schema": "9999"')


def of_another_product(content: bytes) -> bytes:
    return changed(content, b'"product": "dca-hosting"', b'"product": "abc-hosting"')


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (truncated, "cut off|not whole"),
        (without_its_end, "not whole"),
        (with_another_byte, "is damaged: database/"),
        (no_archive, "is no backup"),
        (of_a_newer_schema, "newer than this one"),
        (of_another_product, "backup of abc-hosting"),
    ],
)
def test_what_is_no_whole_backup_for_this_server_changes_nothing(
    server: RunningServer, elsewhere: Config, tmp_path: Path, harm: Callable[[bytes], bytes], words: str
) -> None:
    full(server)
    write_backup(server.config, server.database, tmp_path / "backup")
    content = (tmp_path / "backup").read_bytes()
    (tmp_path / "backup").write_bytes(harm(content))

    with pytest.raises(DataError, match=words):
        restore(elsewhere, tmp_path / "backup")

    assert not elsewhere.folder.exists()
    (tmp_path / "backup").write_bytes(content)
    restore(elsewhere, tmp_path / "backup")  # into a database that is as empty as before


def test_nothing_is_restored_over_what_is_there(server: RunningServer, elsewhere: Config, tmp_path: Path) -> None:
    write_backup(server.config, server.database, tmp_path / "backup")
    elsewhere.folder.mkdir()
    (elsewhere.folder / "lost+found").mkdir()
    restore(elsewhere, tmp_path / "backup")

    with pytest.raises(DataError, match="is not empty: it has"):
        restore(server.config, tmp_path / "backup")
    if elsewhere.database_url:
        with pytest.raises(DataError, match="has tables already"):
            restore(replace(elsewhere, folder=tmp_path / "another"), tmp_path / "backup")
    with pytest.raises(DataError, match="there already"):
        write_backup(server.config, server.database, tmp_path / "backup")


def test_a_backup_goes_into_its_kind_of_database_alone(server: RunningServer, tmp_path: Path) -> None:
    write_backup(server.config, server.database, tmp_path / "backup")
    other = None if server.config.database_url else "postgresql://postgres@127.0.0.1:1/none"

    with pytest.raises(DataError, match="goes into that alone"):
        restore(Config(tmp_path / "elsewhere", database_url=other), tmp_path / "backup")


def test_a_backup_that_fails_leaves_nothing(server: RunningServer, tmp_path: Path) -> None:
    folder = RepositoryFolder(server.config.repository)
    folder.prepare()
    (folder.path / "metadata" / "1.root.json").symlink_to(tmp_path / "nowhere")

    with pytest.raises(OSError, match=r"1\.root\.json"):
        write_backup(server.config, server.database, tmp_path / "backup")

    assert not (tmp_path / "backup").exists()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_backup_into_a_folder_that_is_not_there_says_what_to_change(server: RunningServer, tmp_path: Path) -> None:
    target = tmp_path / "nowhere" / "backup"

    with pytest.raises(DataError, match="Name a file in a folder") as refused:
        write_backup(server.config, server.database, target)

    assert str(refused.value).startswith(f"{target} cannot be written")


def test_the_manifest_names_all_members(server: RunningServer, tmp_path: Path) -> None:
    made = write_backup(server.config, server.database, tmp_path / "backup")

    assert verified(tmp_path / "backup") == made
    assert made.made_at <= utc_now()


@pytest.mark.postgresql
def test_rows_come_into_their_partitions_and_columns_go_on_counting(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    server = request.getfixturevalue("postgresql")
    addresses = [database_url(server.new_database(), tmp_path) for _ in range(2)]
    make = "DROP TABLE reading; CREATE TABLE reading (site_id text, taken_at timestamptz) PARTITION BY RANGE (taken_at);"
    make += "CREATE TABLE counted (number serial, word text);"
    day = "CREATE TABLE reading_1 PARTITION OF reading FOR VALUES FROM ('2026-11-01 00:00:00+00') TO ('2026-11-02 00:00:00+00');"
    rest = "CREATE TABLE reading_rest PARTITION OF reading DEFAULT;"
    rows_of_both = "INSERT INTO reading VALUES ('a', '2026-11-01 10:00Z'), ('b', '2020-01-01 00:00Z');"
    rows_of_both += "INSERT INTO counted (word) VALUES ('a'), ('b');"
    with Database(addresses[0]) as source, Database(addresses[1]) as target:
        with source.writing() as connection:
            make_schema(connection, newest_schema())
            connection.exec_driver_sql(make + day + rest + rows_of_both)
        with copies.held(source, tmp_path) as held, target.writing() as connection:
            make_schema(connection, newest_schema())
            connection.exec_driver_sql(make)
            parts = [(name, list(pieces)) for name, pieces in held.parts()]
            filled = copies.PostgresqlTarget(connection, held.copy)
            for name, pieces in parts:
                filled.fill(name, iter(pieces))
            number = "INSERT INTO counted (word) VALUES ('c') RETURNING number"
            assert connection.exec_driver_sql(number).scalar_one() == 3
        with target.reading() as connection:
            found = [
                connection.exec_driver_sql(f"SELECT site_id FROM {name}").scalars().all() for name in ("reading_1", "reading_rest")
            ]
        assert found == [["a"], ["b"]]


@pytest.mark.postgresql
def test_the_schema_has_nothing_that_a_copy_of_rows_would_lose(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    address = request.getfixturevalue("postgresql").new_database(request.getfixturevalue("migrated_postgresql"))
    lost = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND (relkind = 'm' OR relkind = 'S' "
    lost += "AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_class.oid AND deptype IN ('a', 'i')))"
    keys = "SELECT conname FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace"
    with Database(database_url(address, tmp_path)) as database, database.reading() as connection:
        for question in (lost, keys):
            assert connection.exec_driver_sql(question).all() == []
