"""On a cluster of Citus: a database with a past is distributed, and a worker that is away stops its own sites alone."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from hosting.config import Config
from hosting.db import distribution
from hosting.db.connection.database import Database, database_url
from hosting.db.history import reader
from hosting.db.history.partitions import Partitions
from hosting.db.history.roll_up import RollUp
from hosting.db.migrate import migrate
from hosting.db.tables import device_day, metadata, reading
from hosting.errors import DataError
from tests.children import Finished
from tests.conftest import ROOT
from tests.forked import run_forked
from tests.hosting.batches import batch
from tests.hosting.batches import reading as a_reading
from tests.hosting.citus import PrivateCitus, private_cluster
from tests.hosting.db.test_check_ins_together import PATH, UNCHANGED, at_once, fleet
from tests.hosting.history.days import steps
from tests.hosting.person import Person
from tests.hosting.postgresql import DatabaseServer
from tests.hosting.running import RunningServer
from tests.hosting.site import Site

pytestmark = pytest.mark.postgresql

SITES = 12
NODES = """SELECT nodeport FROM pg_dist_placement JOIN pg_dist_node USING (groupid)
    WHERE shardid = get_shard_id_for_distribution_column('site', CAST(%(site)s AS text))"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[PrivateCitus]:
    with private_cluster() as cluster:
        yield cluster


@pytest.fixture
def config(cluster: PrivateCitus, tmp_path: Path) -> Config:
    return Config(tmp_path, database_url=cluster.new_database())


@pytest.fixture
def started(config: Config) -> Iterator[list[RunningServer]]:
    """Yield what is to be stopped."""
    servers: list[RunningServer] = []
    yield servers
    for server in servers:
        server.stop()


def init(config: Config) -> Finished:
    """Run `dca-hosting init --data hosting-data --citus` on the database of `config`."""
    environment = {"DCA_HOSTING_DATABASE_URL": str(config.database_url)}
    words: list[str | Path] = ["-m", "hosting", "init", "--data", config.folder, "--citus"]
    return run_forked("hosting", words, environment=environment, folder=ROOT)


def make_tables(config: Config) -> None:
    """Make the tables and let them stand where they are declared to."""
    with Database(database_url(config.database_url, config.folder)) as database:
        migrate(database)
        assert distribution.distribute(database)


def of_coordinator(database: Database) -> set[str]:
    """Return the tables that have rows of their own on the coordinator, as far as they are declared to be elsewhere."""
    elsewhere = [table.name for table in metadata.sorted_tables if table.info["placement"] != "local"]
    with database.reading() as connection:
        return {name for name in elsewhere if connection.execute(sa.select(sa.func.pg_relation_size(name))).scalar_one()}


def test_a_database_with_a_past_is_distributed_and_goes_on(config: Config, started: list[RunningServer]) -> None:
    before = RunningServer(config)
    past = [a_reading(total=total, hours=hours) for total, hours in ((1, 100), (2, 50), (3, 2))]
    sites = [Site(before).enrol(f"Site {number}") for number in range(4)]
    for one in sites:
        assert one.upload(batch(*past)).json()["accepted"] == 3
    with before.database.writing() as connection:
        assert Partitions()(connection).more
    steps(before.database, RollUp(datetime.now(UTC)))
    days = before.count(device_day)
    assert "Stop them all" in init(config).stderr
    before.stop()

    finished = init(config)
    assert "Tables distributed or copied to the workers: site, batch" in finished.stdout, finished.stderr
    assert "nothing was changed" in init(config).stdout

    server = RunningServer(config)
    started.append(server)
    assert of_coordinator(server.database) == set()
    assert server.count(device_day) == days > 0
    for one in sites:
        again = Site(server, key=one.key, site_id=one.site_id)
        assert again.upload(batch(*past, a_reading(total=4, hours=1))).json() == {"accepted": 1, "duplicate": 3, "changes": True}
        with server.database.reading() as connection:
            told = [item.body for item in reader.newest(connection, one.site_id, past[0]["device"]["key"], 10)]
        assert len(told) == 4
    steps(server.database, RollUp(datetime.now(UTC) + timedelta(days=9)))
    assert server.count(reading) == 0


def test_a_worker_that_is_away_stops_its_own_sites_alone(
    cluster: PrivateCitus, config: Config, started: list[RunningServer]
) -> None:
    make_tables(config)
    server = RunningServer(config)
    started.append(server)
    everybody = fleet(server, SITES)
    batches = [batch(a_reading()) for _ in everybody]
    gone = cluster.own[0]
    with server.database.reading() as connection:
        nodes = {one.site_id: connection.exec_driver_sql(NODES, {"site": one.site_id}).scalar_one() for one in everybody}
    living = {site_id for site_id, port in nodes.items() if port != gone.port}
    assert 0 < len(living) < SITES, "one worker has all of twelve sites"
    gone.stop()
    try:
        for _ in range(2):
            answers = at_once([(one, UNCHANGED) for one in everybody])
            assert {one.site_id for one, answer in zip(everybody, answers, strict=True) if answer.status == 200} == living
            refused = [answer for answer in answers if answer.status != 200]
            assert all(answer.status == 503 and "Retry-After" in answer.headers for answer in refused)
        for one, sent in zip(everybody, batches, strict=True):
            assert one.upload(sent).status == (200 if one.site_id in living else 503)
        person = Person(server)
        assert person.log_in().status == 302
    finally:
        gone.start_again()
    assert [one.send(PATH, UNCHANGED).status for one in everybody] == [200] * SITES
    answers = [one.upload(sent) for one, sent in zip(everybody, batches, strict=True)]
    assert sum(answer.json()["accepted"] for answer in answers) == SITES - len(living)


def test_a_cluster_that_is_not_complete_is_refused_with_what_is_missing(cluster: PrivateCitus, config: Config) -> None:
    coordinator, database = DatabaseServer(cluster.address), str(config.database_url).rpartition("/")[2]
    for worker in cluster.workers:
        coordinator.execute(f"SELECT citus_remove_node('127.0.0.1', {port_of(worker)})", database)
    assert "has no workers" in init(config).stderr
    coordinator.execute("SELECT citus_remove_node(nodename, nodeport) FROM pg_dist_node", database)
    assert "citus_set_coordinator_host" in init(config).stderr


def port_of(node: DatabaseServer) -> str:
    return node.address.rpartition("/")[0].rpartition(":")[2]


def test_a_server_that_is_pointed_at_a_worker_says_so(cluster: PrivateCitus, config: Config) -> None:
    worker = cluster.own[0].url(str(config.database_url).rpartition("/")[2])
    with Database(database_url(worker, Path())) as database, pytest.raises(DataError, match="name its coordinator"):
        migrate(database)
