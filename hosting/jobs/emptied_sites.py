"""What is left of sites that were emptied: a signed document, and a name."""

from appliance.settings.document import site_path
from hosting.config import Config
from hosting.db import removal
from hosting.db.connection.database import Database


def end_emptied(config: Config, database: Database) -> None:
    """Take the configurations of emptied sites out of the repository, and remove the sites.

    Raises RepositoryError, ConfigurationError.
    """
    with database.reading() as connection:
        waiting = removal.emptied(connection)
    for wanted in waiting:
        _take_away(config, database, wanted.site_id)
        with database.writing() as connection:
            removal.end(connection, wanted, site_path(wanted.site_id))


def _take_away(config: Config, database: Database, site_id: str) -> None:
    # Loaded only where something is signed.
    from hosting.configuration.layer_text import Wanted  # noqa: PLC0415
    from hosting.configuration.publication import Publishing  # noqa: PLC0415
    from hosting.configuration.scope import site_scope  # noqa: PLC0415
    from hosting.releases.publication import Rollouts  # noqa: PLC0415

    publishing = Publishing(config, database)
    without = publishing.prepare(site_scope(site_id, site_id), lambda _: Wanted())
    if without.changes:
        publishing.publish(without, actor=removal.JOB)
    rollouts = Rollouts(publishing)
    if proposal := rollouts.without_site(site_id):
        rollouts.publish(proposal, actor=removal.JOB)
