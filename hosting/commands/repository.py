"""`dca-hosting repository`: set the TUF repository up, and publish what was signed."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from hosting.clock import utc_now
from hosting.config import data_folder, make_config
from hosting.errors import ConfigurationError, DataError
from hosting.repository import founding
from hosting.repository.drafts import Draft, drafts_of
from hosting.repository.folder import RepositoryFolder
from hosting.repository.repository import publish_drafts


def run(options: argparse.Namespace) -> int:
    """Do what the action says."""
    config = make_config(data_folder(options.data))
    if not config.folder.is_dir():
        raise DataError(f"The data folder {config.folder} does not exist. Run: dca-hosting init --data {config.folder}")
    actions = {"init": _init, "publish": _publish}
    return actions[options.action](options, RepositoryFolder(config.repository))


def _init(options: argparse.Namespace, folder: RepositoryFolder) -> int:
    if options.local_keys:
        return _init_with_local_keys(options, folder)
    if options.passphrase_file:
        raise ConfigurationError("--passphrase-file is for the keys that --local-keys makes. Leave it out.")
    if not options.root_key or not options.targets_key:
        raise ConfigurationError("Give the public keys of those who sign: --root-key and --targets-key, or --local-keys DIR.")
    founders = founding.founders_of_files(
        options.root_key, options.targets_key, options.release_key, options.online_key, options.threshold
    )
    drafts = founding.make_first_drafts(folder, founders, utc_now())
    print(f"Set up {folder.path}. These drafts wait for signatures:", *_waiting(folder, drafts), sep="\n")
    print("Sign each on as many machines as it needs: dca-hosting sign DRAFT --key KEY. Then: dca-hosting repository publish")
    return 0


def _init_with_local_keys(options: argparse.Namespace, folder: RepositoryFolder) -> int:
    if options.root_key or options.targets_key or options.release_key:
        raise ConfigurationError("--local-keys makes all keys itself. Leave --root-key, --targets-key and --release-key out.")
    keys = Path(options.local_keys).absolute()
    if keys == folder.path or folder.path in keys.parents:
        raise ConfigurationError(f"{keys} is in the repository, which is published. Name a folder outside of it.")
    file = Path(options.passphrase_file) if options.passphrase_file else None
    founding.found_with_local_keys(folder, keys, file, options.threshold, utc_now())
    publish_drafts(folder, utc_now())
    print(f"Set up and published {folder.path}.")
    print(f"The keys of root, targets and release are in {keys}.")
    print("Bring each to an offline medium of its own, kept in different places, and remove them from this machine:")
    print("whoever has two of them decides what all sites trust.")
    return 0


def _publish(_options: argparse.Namespace, folder: RepositoryFolder) -> int:
    published = publish_drafts(folder, utc_now())
    print(f"Published {', '.join(published.roles) or 'the root'}.")
    if left := drafts_of(folder):
        print("These drafts still wait for signatures:", *_waiting(folder, left), sep="\n")
    return 0


def _waiting(folder: RepositoryFolder, drafts: Sequence[Draft]) -> list[str]:
    return [
        f"  {folder.drafts / draft.name}: "
        + ", ".join(f"{one.lacking} more of the keys of {one.signers.named_by}" for one in draft.progress())
        for draft in drafts
    ]
