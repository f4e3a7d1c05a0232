"""What is left of sites that were emptied: a signed document, and a name."""

from appliance.common.message import Message
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
        path = site_path(wanted.site_id)
        _take_away(config, database, path, wanted.site_id)
        with database.writing() as connection:
            removal.end(connection, wanted, path)


def _take_away(config: Config, database: Database, path: str, site_id: str) -> None:
    # Loaded only where something is signed.
    from hosting.configuration.publication import Publishing  # noqa: PLC0415
    from hosting.releases.publication import Rollouts  # noqa: PLC0415

    publishing = Publishing(config, database)
    content, base = publishing.document(path)
    if content is not None:
        title = Message("configuration for %(scope)s", scope=site_id)
        publishing.publish_document(path, base, None, title, actor=removal.JOB)
    rollouts = Rollouts(publishing)
    if proposal := rollouts.without_site(site_id):
        rollouts.publish(proposal, actor=removal.JOB)
