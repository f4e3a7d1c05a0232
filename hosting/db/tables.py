"""The tables. The key of whatever a site owns is led by `site_id`, and no constraint spans sites: so it shards by site (Citus)."""

import sqlalchemy as sa

from hosting.db.moment import Moment

metadata = sa.MetaData()

EVERY_SCOPE = "read:devices read:meters read:sites"
"""What the tokens open that were made before there were scopes."""

# Where a table stands in a Citus cluster, said beside it as `info`; `hosting.db.distribution` does it.
BY_SITE = {"placement": "distributed"}  # split among the workers by site_id, all of a site on one
EVERYWHERE = {"placement": "reference"}  # a copy on each node
COORDINATOR = {"placement": "local"}  # on the coordinator alone: a node that is down stops no login

KEPT_OF_SITES = frozenset({"audit"})
"""What stays of a site that is removed: who did what."""

site = sa.Table(
    "site",
    metadata,
    sa.Column("site_id", sa.String(36), primary_key=True),
    # Unique by `site_name`; the constraint is for servers of before that table, and does not go into a cluster.
    sa.Column("name", sa.String(100), nullable=False, unique=True),
    sa.Column("public_key", sa.String(43)),  # Ed25519, base64url; null until the site enrolled
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("enrolled_at", Moment),
    sa.Column("revoked_at", Moment),
    sa.Column("last_contact_at", Moment),
    sa.Column("version", sa.String(64)),
    sa.Column("own_name", sa.String(100)),  # how the site calls itself
    sa.Column("state", sa.Text),  # JSON of the last check-in
    sa.Column("group_name", sa.String(63), index=True),  # as its signed document says
    sa.Column("expires_at", Moment),
    sa.Column("deactivated_at", Moment),
    sa.Column("root_sha256", sa.String(64)),  # the root it enrolled with; null: it can verify no configuration
    sa.Column("configuration_state", sa.String(16)),  # out of `state`, to look for: trial, kept, refused, …
    # Out of `update.image` of `state`, to count by release; null until the site told of an update.
    sa.Column("update_channel", sa.String(32)),
    sa.Column("update_version", sa.String(64), index=True),
    sa.Column("update_execution", sa.String(16)),
    sa.Column("update_result", sa.String(16)),
    sa.Column("update_reason", sa.String(40)),
    sa.Column("update_waits", sa.String(240)),  # why it waits, words with commas between
    info=BY_SITE,
)

site_name = sa.Table(
    "site_name",
    metadata,
    sa.Column("name", sa.String(100), primary_key=True),
    sa.Column("site_id", sa.String(36), nullable=False),
    info=EVERYWHERE,
)
sa.Index("site_name_order", sa.func.lower(site.c.name), site.c.site_id)

site_update = sa.Table(
    "site_update",
    metadata,
    sa.Column("site_id", sa.String(36), primary_key=True),
    sa.Column("transaction_id", sa.String(36), primary_key=True),
    sa.Column("version", sa.String(64), nullable=False),
    sa.Column("from_version", sa.String(64), nullable=False),
    sa.Column("started_at", Moment),
    sa.Column("told_at", Moment, nullable=False),  # when the site said last what became of it
    sa.Column("execution", sa.String(16), nullable=False),
    sa.Column("result", sa.String(16), nullable=False),
    sa.Column("seconds", sa.Integer),
    sa.Column("reason", sa.String(40), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("log", sa.Text, nullable=False),  # the end of it, of one that failed
    sa.Index("site_update_version", "version", "told_at"),
    info=BY_SITE,
)

enrolment_code = sa.Table(
    "enrolment_code",
    metadata,
    sa.Column("site_id", sa.String(36), primary_key=True),
    sa.Column("code_hash", sa.String(64), primary_key=True),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("created_by", sa.String(100), nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("used_at", Moment),
    sa.Column("public_key", sa.String(43)),  # the key it was used with: the same one may ask again
    sa.Index("enrolment_code_hash", "code_hash"),
    sa.Index("enrolment_code_made", "created_at", "code_hash"),
    info=EVERYWHERE,
)

batch = sa.Table(
    "batch",
    metadata,
    sa.Column("site_id", sa.String(36), primary_key=True),
    sa.Column("batch_id", sa.String(36), primary_key=True),
    sa.Column("received_at", Moment, nullable=False),
    sa.Column("readings", sa.Integer, nullable=False),
    sa.Column("digest", sa.String(64)),  # SHA-256 of its JSON; null: a server without this column took it
    sa.Index("batch_received_at", "received_at"),
    info=BY_SITE,
)

# On PostgreSQL partitioned by day (`hosting.db.history.partitions`): the migration says so, as for `device_day_segment`.
reading = sa.Table(
    "reading",
    metadata,
    sa.Column("site_id", sa.String(36), primary_key=True),
    sa.Column("device_key", sa.String(200), primary_key=True),
    sa.Column("taken_at", Moment, primary_key=True),
    sa.Column("received_at", Moment, nullable=False),
    sa.Column("body", sa.Text, nullable=False),  # JSON of appliance.report.Reading, without what has its default
    info=BY_SITE,
)

reading_ahead = sa.Table(
    "reading_ahead",
    metadata,
    sa.Column("site_id", sa.String(36), primary_key=True),
    sa.Column("device_key", sa.String(200), primary_key=True),
    sa.Column("taken_at", Moment, primary_key=True),  # as the clock of the site said it
    sa.Column("received_at", Moment, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Index("reading_ahead_received_at", "received_at"),
    info=BY_SITE,
)

device_day = sa.Table(
    "device_day",
    metadata,
    sa.Column("site_id", sa.String(36), primary_key=True),
    sa.Column("device_key", sa.String(200), primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("zone", sa.String(64), nullable=False),  # in which the day began and ended
    sa.Column("number", sa.Integer, nullable=False),  # of readings
    sa.Column("first_at", Moment, nullable=False),
    sa.Column("last_at", Moment, nullable=False),
    # Meters as they were read last on that day.
    sa.Column("total", sa.BigInteger),
    sa.Column("total_mono", sa.BigInteger),
    sa.Column("total_color", sa.BigInteger),
    sa.Column("print_total", sa.BigInteger),
    sa.Column("copy_total", sa.BigInteger),
    sa.Column("fax_total", sa.BigInteger),
    sa.Column("scan_total", sa.BigInteger),
    sa.Column("meters", sa.Text),  # JSON of the others, {"meters": {name: value}, "units": {name: unit, where not impressions}}
    sa.Column("supplies", sa.Text),  # JSON {index: [first, lowest, last]} in percent, with the unit as a fourth in others
    sa.Column("dictionary", sa.Integer),  # the version that the segment needs, 0: none
    sa.Column("segment", sa.LargeBinary),  # null: had its time
    sa.Index("device_day_day", "day"),
    # Of rows that have a segment alone: the migration says so, since the words for it load PostgreSQL's dialect.
    sa.Index("device_day_segment", "day"),
    info=BY_SITE,
)

dictionary = sa.Table(
    "dictionary",
    metadata,
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("last_day", sa.Date),  # the newest day that has a segment made with it
    sa.Column("content", sa.LargeBinary, nullable=False),
    info=COORDINATOR,
)

device_latest = sa.Table(
    "device_latest",
    metadata,
    sa.Column("site_id", sa.String(36), primary_key=True),
    sa.Column("device_key", sa.String(200), primary_key=True),
    sa.Column("first_seen_at", Moment, nullable=False),
    sa.Column("taken_at", Moment, nullable=False),
    sa.Column("received_at", Moment, nullable=False),
    sa.Column("manufacturer", sa.Text),
    sa.Column("model", sa.Text),
    sa.Column("serial", sa.Text),
    sa.Column("address", sa.Text),
    sa.Column("location", sa.Text),
    sa.Column("condition", sa.String(16), nullable=False),
    sa.Column("total", sa.BigInteger),
    sa.Column("words", sa.Text, nullable=False),  # empty: `device_search` has them
    sa.Column("body", sa.Text, nullable=False),
    # These two change with each reading: all else that lists are ordered and searched by is in `device_search`.
    sa.Index("device_latest_condition", "condition", "taken_at", "site_id", "device_key"),
    sa.Index("device_latest_total", "total", "site_id", "device_key"),
    info=BY_SITE,
)

device_search = sa.Table(
    "device_search",
    metadata,
    sa.Column("site_id", sa.String(36), primary_key=True),
    sa.Column("device_key", sa.String(200), primary_key=True),
    # Made by the database: orders devices that are alike, and names the row in SQLite's search index, where it is the primary key.
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("taken_at", Moment, nullable=False),  # when the reading was taken that tells it
    # Lower case, the address so that its text is in the order of addresses; cut off where an index could not hold them.
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("serial", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("location", sa.Text, nullable=False),
    sa.Column("words", sa.Text, nullable=False),  # what the search looks through, in lower case, a line for each fact
    sa.Index("device_search_model", "model", "number"),
    sa.Index("device_search_serial", "serial", "number"),
    sa.Index("device_search_address", "address", "number"),
    sa.Index("device_search_location", "location", "number"),
    sa.Index("device_search_site", "site_id", "model", "number"),
    info=BY_SITE,
)

tally = sa.Table(
    "tally",
    metadata,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("counted_at", Moment, nullable=False),
    info=COORDINATOR,
)

event = sa.Table(
    "event",
    metadata,
    sa.Column("site_id", sa.String(36), primary_key=True),
    sa.Column("event_id", sa.String(36), primary_key=True),
    sa.Column("device_key", sa.String(200)),
    sa.Column("at", Moment, nullable=False),
    sa.Column("received_at", Moment, nullable=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),  # JSON of what the sentence is made of
    sa.Index("event_device", "site_id", "device_key", "at"),
    sa.Index("event_at", "at"),
    info=BY_SITE,
)

nonce = sa.Table(
    "nonce",
    metadata,
    sa.Column("site_id", sa.String(36), primary_key=True),
    sa.Column("nonce", sa.String(64), primary_key=True),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Index("nonce_expires_at", "expires_at"),
    info=BY_SITE,
)

command = sa.Table(
    "command",
    metadata,
    sa.Column("site_id", sa.String(36), primary_key=True),
    sa.Column("command_id", sa.String(36), primary_key=True),
    sa.Column("name", sa.String(40), nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("created_by", sa.String(100), nullable=False),
    sa.Column("delivered_at", Moment),
    info=BY_SITE,
)

configuration = sa.Table(
    "configuration",
    metadata,
    sa.Column("path", sa.String(200), primary_key=True),  # of the target; the newest version is in force
    sa.Column("version", sa.BigInteger, primary_key=True),
    sa.Column("sha256", sa.String(64)),
    sa.Column("content", sa.LargeBinary),  # null: taken away
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("published_at", Moment),  # null: it was about to be published when the server ended
    sa.Column("published_by", sa.String(100), nullable=False),
    info=EVERYWHERE,
)

job = sa.Table(
    "job",
    metadata,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("holder", sa.String(100)),  # the server process at it; null: none
    sa.Column("held_until", Moment),  # then another process may take it
    sa.Column("began_at", Moment),  # the run under way
    sa.Column("last_run_at", Moment),
    sa.Column("seconds", sa.Float),  # of the last run, as `rows` and `error`
    sa.Column("rows", sa.BigInteger),
    sa.Column("next_at", Moment, nullable=False),
    sa.Column("error", sa.Text),
    info=COORDINATOR,
)

support_bundle = sa.Table(
    "support_bundle",
    metadata,
    sa.Column("site_id", sa.String(36), primary_key=True),
    sa.Column("bundle_id", sa.String(36), primary_key=True),
    sa.Column("received_at", Moment, nullable=False),
    sa.Column("bytes", sa.Integer, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    info=BY_SITE,
)

account = sa.Table(
    "account",
    metadata,
    sa.Column("name", sa.String(100), primary_key=True),
    sa.Column("password_hash", sa.String(200), nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("changed_at", Moment, nullable=False),
    info=COORDINATOR,
)

session = sa.Table(
    "session",
    metadata,
    sa.Column("session_hash", sa.String(64), primary_key=True),
    sa.Column("account", sa.String(100), nullable=False, index=True),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("seen_at", Moment, nullable=False),
    sa.Column("address", sa.String(64), nullable=False),
    info=COORDINATOR,
)

token = sa.Table(
    "token",
    metadata,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(100), nullable=False, unique=True),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("last_used_at", Moment),
    sa.Column("scopes", sa.String(200), nullable=False, server_default=EVERY_SCOPE),  # with blanks between, as in RFC 6749
    sa.Column("created_by", sa.String(100), nullable=False, server_default="command line"),
    sa.Column("expires_at", Moment),  # null: never
    sa.Column("revoked_at", Moment),
    info=COORDINATOR,
)

installation = sa.Table(
    "installation",
    metadata,
    sa.Column("name", sa.String(40), primary_key=True),  # one row
    sa.Column("generation", sa.String(40)),  # null: never restored
    sa.Column("backup_at", Moment),  # when the backup was made that this was restored from
    sa.Column("restored_at", Moment),
    sa.Column("leap", sa.BigInteger),  # by so much the versions of the repository have to rise yet
    sa.Column("last_backup_at", Moment),
    info=COORDINATOR,
)

site_generation = sa.Table(
    "site_generation",
    metadata,
    sa.Column("site_id", sa.String(36), primary_key=True),
    sa.Column("generation", sa.String(40), nullable=False),  # of this server, which the site has dealt with
    sa.Column("told_at", Moment, nullable=False),
    info=BY_SITE,
)

removal = sa.Table(
    "removal",
    metadata,
    sa.Column("site_id", sa.String(36), primary_key=True),
    sa.Column("device_key", sa.String(200), primary_key=True),  # empty: the site itself
    sa.Column("planned_at", Moment, nullable=False),
    sa.Column("remove_at", Moment, nullable=False),
    sa.Column("planned_by", sa.String(100), nullable=False),
    sa.Column("begun_at", Moment),  # from then on nothing calls it off
    sa.Column("emptied_at", Moment),
    info=COORDINATOR,
)

probe = sa.Table(
    "probe",
    metadata,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("at", Moment, nullable=False),  # when it could be written last
    info=COORDINATOR,
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("site_id", sa.String(36), primary_key=True),  # empty where no site is concerned
    sa.Column("audit_id", sa.String(36), primary_key=True),
    sa.Column("at", Moment, nullable=False, index=True),
    sa.Column("actor", sa.String(100), nullable=False),
    sa.Column("action", sa.String(40), nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("address", sa.String(64), nullable=False),
    sa.Index("audit_site", "site_id", "at", "audit_id"),
    info=COORDINATOR,
)
