"""What lists are ordered, searched and counted by.

The indexes of tables that are in use are made beside the work of other servers, each found again where the making was cut off.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from hosting.db.intake.device_search import LONGEST_WORDS, address_key, order_key
from hosting.db.lists.search_index import make_index
from hosting.db.moment import Moment
from hosting.db.upsert import insert_new

revision = "0015"
down_revision = "0014"

AT_ONCE = 2_000
KEY = ("site_id", "device_key")
TEXTS = ("model", "serial", "address", "location")
INDEXES = {
    "device_latest_condition": ("device_latest", "condition, taken_at, site_id, device_key"),
    "device_latest_total": ("device_latest", "total, site_id, device_key"),
    "site_name_order": ("site", "lower(name), site_id"),
    "enrolment_code_made": ("enrolment_code", "created_at, code_hash"),
    "audit_site": ("audit", "site_id, at, audit_id"),
}
IS_VALID = sa.text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)")
CHANCE = sa.text("hashtextextended(gen_random_uuid()::text, 0)")
WORDS = (
    "CREATE VIRTUAL TABLE device_words USING fts5(words, content='device_search', content_rowid='number', tokenize='trigram', "
    "detail='none', columnsize=0)"
)
# As FTS5 asks for it with a table of its content elsewhere: what was indexed is named to be taken out.
ADD = "INSERT INTO device_words(rowid, words) VALUES (new.number, new.words);"
TAKE = "INSERT INTO device_words(device_words, rowid, words) VALUES ('delete', old.number, old.words);"
TRIGGERS = (
    f"CREATE TRIGGER device_words_insert AFTER INSERT ON device_search BEGIN {ADD} END",
    f"CREATE TRIGGER device_words_delete AFTER DELETE ON device_search BEGIN {TAKE} END",
    f"CREATE TRIGGER device_words_update AFTER UPDATE OF words ON device_search WHEN old.words <> new.words BEGIN {TAKE} {ADD} END",
)


def upgrade() -> None:
    """Bring the schema to this revision."""
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    if not on_sqlite:
        _index_what_is_in_use()
    _make_search(on_sqlite=on_sqlite)
    op.create_table(
        "tally",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("counted_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    for name, (table, columns) in INDEXES.items():
        op.execute(f"CREATE INDEX IF NOT EXISTS {name} ON {table} ({columns})")


def _index_what_is_in_use() -> None:
    """Make the indexes of the tables that have rows."""
    wanted = {name: where for name, where in INDEXES.items() if _value(f"SELECT EXISTS (SELECT 1 FROM {where[0]})")}  # noqa: S608
    missing = {name: where for name, where in wanted.items() if not _value(IS_VALID.bindparams(name=name))}
    if not missing:
        return
    with op.get_context().autocommit_block():
        for name, (table, columns) in missing.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")  # one that was cut off in its making
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {table} ({columns})")


def _make_search(*, on_sqlite: bool) -> None:
    op.create_table(
        "device_search",
        # SQLite's search index names rows by this number, so that it has to be the key of the row there. PostgreSQL makes it by
        # chance: a sequence would have to be put right after a restore, and would be one for all nodes of a cluster.
        sa.Column("number", sa.Integer())
        if on_sqlite
        else sa.Column("number", sa.BigInteger(), server_default=CHANCE, nullable=False),
        sa.Column("site_id", sa.String(length=36), nullable=False),
        sa.Column("device_key", sa.String(length=200), nullable=False),
        sa.Column("taken_at", Moment(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in (*TEXTS, "words")),
        *([sa.PrimaryKeyConstraint("number"), sa.UniqueConstraint(*KEY)] if on_sqlite else [sa.PrimaryKeyConstraint(*KEY)]),
    )
    if on_sqlite:
        for statement in (WORDS, *TRIGGERS):
            op.execute(statement)
    for rows in _known():
        insert_new(op.get_bind(), _search(), rows)
    for name in TEXTS:
        op.create_index(f"device_search_{name}", "device_search", [name, "number"])
    op.create_index("device_search_site", "device_search", ["site_id", "model", "number"])
    if not on_sqlite:
        make_index(op.get_bind())


def _search() -> sa.Table:
    """Return the table as it is filled: its numbers are made by the database."""
    key = (sa.Column(name, sa.String(), primary_key=True) for name in KEY)
    texts = (sa.Column(name, sa.Text()) for name in (*TEXTS, "words"))
    return sa.Table("device_search", sa.MetaData(), *key, sa.Column("taken_at", Moment()), *texts)


def _known() -> Iterator[Sequence[dict[str, Any]]]:
    """Yield what is known of the devices. The words of before have no lines: with its next reading those of a device are new."""
    latest = sa.table("device_latest", *map(sa.column, (*KEY, *TEXTS, "words")), sa.column("taken_at", Moment()))
    place = sa.tuple_(*(latest.c[name] for name in KEY))
    chosen = sa.select(latest).order_by(*(latest.c[name] for name in KEY)).limit(AT_ONCE)
    rows = op.get_bind().execute(chosen).mappings().all()
    while rows:
        yield [
            {
                **{name: row[name] for name in (*KEY, "taken_at")},
                **{name: order_key(row[name]) for name in TEXTS},
                "address": address_key(row["address"]),
                "words": row["words"][:LONGEST_WORDS],
            }
            for row in rows
        ]
        behind = place > sa.tuple_(*(sa.literal(rows[-1][name]) for name in KEY))
        rows = op.get_bind().execute(chosen.where(behind)).mappings().all()


def _value(statement: str | sa.TextClause) -> object:
    found = sa.text(statement) if isinstance(statement, str) else statement
    return op.get_bind().execute(found).scalar_one_or_none()
