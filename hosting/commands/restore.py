"""`dca-hosting restore`: a server from a backup."""

import argparse
from pathlib import Path

from appliance.common.clock import to_rfc3339, utc_now
from hosting.backup.restore import restore
from hosting.config import Config, data_folder, make_config
from hosting.configuration.publication import Publishing
from hosting.db.connection.database import Database, database_url
from hosting.errors import RepositoryError
from hosting.repository.repository import Repository


def run(options: argparse.Namespace) -> int:
    """Restore, let the repository rise above what sites have seen, and say what else is to be done; 1 where it could not rise."""
    config = make_config(data_folder(options.data))
    manifest = restore(config, Path(options.file))
    made_at = to_rfc3339(manifest.made_at)
    print(f"Restored {config.folder} as it was at {made_at}.")
    print("At its next check-in each site is asked for what it has sent since. How many were asked says: dca-hosting doctor")
    print(f"What was done at the server since {made_at} is not there: look through revoked sites, accounts and tokens.")
    print("Enrolment codes that were open are void, and sites that enrolled since need new ones: dca-hosting enrolment-code")
    return _raise_repository(config)


def _raise_repository(config: Config) -> int:
    repository = Repository.open(config.repository)
    if repository is None:
        return 0
    try:
        with Database(database_url(config.database_url, config.folder)) as database:
            Publishing(config, database).finish_what_was_begun()
    except RepositoryError as error:
        print(f"The repository is not signed anew yet, so sites refuse it as older than what they know: {error}")
        print("Mend that; the server signs it when it starts, or when something is published.")
        return 1
    offline = ", ".join(f"{one.role} {one.version}" for one in repository.condition(utc_now()) if one.is_offline)
    print(f"The repository is signed anew, above what sites have seen. What people sign is as it was: {offline}.")
    print("If people published newer ones since, sites refuse these: make, sign and publish them again until each is higher than")
    print("it was: dca-hosting repository renew ROLE. The folder trust beside the key of who signed last has the last versions.")
    return 0
