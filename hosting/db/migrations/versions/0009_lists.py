"""What lists are ordered, searched and counted by."""

import sqlalchemy as sa
from alembic import op

from hosting.db.lists.search_index import make_index
from hosting.db.tables import Moment

revision = "0009"
down_revision = "0008"

TEXTS = ("model", "serial", "address", "location")
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
    key = ("site_id", "device_key")
    op.create_table(
        "device_search",
        # SQLite's search index names rows by this number, so that it has to be the key of the row there. PostgreSQL makes it by
        # chance: a sequence would have to be put right after a restore, and would be one for all nodes of a cluster.
        sa.Column("number", sa.Integer())
        if on_sqlite
        else sa.Column("number", sa.BigInteger(), server_default=CHANCE, nullable=False),
        sa.Column("site_id", sa.String(length=36), nullable=False),
        sa.Column("device_key", sa.String(length=200), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in (*TEXTS, "words")),
        *([sa.PrimaryKeyConstraint("number"), sa.UniqueConstraint(*key)] if on_sqlite else [sa.PrimaryKeyConstraint(*key)]),
    )
    if on_sqlite:
        for statement in (WORDS, *TRIGGERS):
            op.execute(statement)
    latest = sa.table("device_latest", *map(sa.column, (*key, *TEXTS, "words")))
    cut = (sa.func.lower(sa.func.substr(sa.func.coalesce(latest.c[name], ""), 1, 200)) for name in TEXTS)
    there = sa.select(*(latest.c[name] for name in key), *cut, sa.func.substr(latest.c.words, 1, 2000))
    search = sa.table("device_search", *map(sa.column, (*key, *TEXTS, "words")))
    # With the next reading of a device its words are written anew, since those of before have no lines.
    op.execute(sa.insert(search).from_select([*key, *TEXTS, "words"], there))
    for name in TEXTS:
        op.create_index(f"device_search_{name}", "device_search", [name, "number"])
    op.create_index("device_search_site", "device_search", ["site_id", "model", "number"])
    if not on_sqlite:
        make_index(op.get_bind())
    op.create_index("device_latest_condition", "device_latest", ["condition", "taken_at", *key])
    op.create_index("device_latest_total", "device_latest", ["total", *key])
    op.create_index("site_name_order", "site", [sa.text("lower(name)"), "site_id"])
    op.create_index("enrolment_code_made", "enrolment_code", ["created_at", "code_hash"])
    op.create_index("audit_site", "audit", ["site_id", "at", "audit_id"])
    op.create_table(
        "tally",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("counted_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
