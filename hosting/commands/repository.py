"""`dca-hosting repository`: set the TUF repository up, and publish what was signed."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from appliance.common.clock import to_rfc3339, utc_now
from hosting.config import data_folder, make_config
from hosting.errors import ConfigurationError, DataError, RepositoryError
from hosting.repository import ceremony
from hosting.repository.folder import RepositoryFolder
from hosting.repository.online_signing import BINS
from hosting.repository.repository import Repository, publish_drafts
from hosting.repository.roles import is_bin, short_names
from hosting.repository.rotation import make_renewal, make_rotation, new_keys_of_files
from hosting.repository.validity import without_bins
from hosting.repository.waiting import ground_of, verified_drafts
from hosting.signing.signer_trust import SignerTrust
from hosting.signing.signers import Progress
from hosting.signing.verification import VerifiedDraft


def run(options: argparse.Namespace) -> int:
    """Do what the action says."""
    config = make_config(data_folder(options.data))
    if not config.folder.is_dir():
        raise DataError(f"The data folder {config.folder} does not exist. Run: dca-hosting init --data {config.folder}")
    actions = {"init": _init, "publish": _publish, "status": _status, "renew": _renew, "rotate": _rotate}
    return actions[options.action](options, RepositoryFolder(config.repository))


def _init(options: argparse.Namespace, folder: RepositoryFolder) -> int:
    if options.local_keys:
        return _init_with_local_keys(options, folder)
    if options.passphrase_file:
        raise ConfigurationError("--passphrase-file is for the keys that --local-keys makes. Leave it out.")
    if not options.root_key or not options.targets_key:
        raise ConfigurationError("Give the public keys of those who sign: --root-key and --targets-key, or --local-keys DIR.")
    founders = ceremony.founders_of_files(
        options.root_key, options.targets_key, options.release_key, options.online_key, options.threshold
    )
    drafts = ceremony.make_first_drafts(folder, founders, utc_now())
    print(f"Set up {folder.path}.")
    return _say_made(folder, drafts)


def _init_with_local_keys(options: argparse.Namespace, folder: RepositoryFolder) -> int:
    if options.root_key or options.targets_key or options.release_key:
        raise ConfigurationError("--local-keys makes all keys itself. Leave --root-key, --targets-key and --release-key out.")
    keys = Path(options.local_keys).absolute()
    if keys == folder.path or folder.path in keys.parents:
        raise ConfigurationError(f"{keys} is in the repository, which is published. Name a folder outside of it.")
    file = Path(options.passphrase_file) if options.passphrase_file else None
    ceremony.found_with_local_keys(folder, keys, file, options.threshold, utc_now())
    publish_drafts(folder, utc_now())
    SignerTrust(keys / "trust").keep(ground_of(folder))
    print(f"Set up and published {folder.path}.")
    print(f"The keys of root, targets and release are in {keys}.")
    print("Bring each to an offline medium of its own, with a copy of the folder trust beside it, kept in different places,")
    print("and remove them from this machine:")
    print("whoever has two of them decides what all sites trust.")
    return 0


def _publish(_options: argparse.Namespace, folder: RepositoryFolder) -> int:
    published = publish_drafts(folder, utc_now())
    print(f"Published {short_names(published.roles)}." if published.roles else "There is nothing to publish: no draft waits.")
    if left := verified_drafts(folder):
        print("These drafts still wait for signatures:", *_waiting(folder, left), sep="\n")
    return 0


def _renew(options: argparse.Namespace, folder: RepositoryFolder) -> int:
    draft = make_renewal(folder, options.role, utc_now())
    return _say_made(folder, [draft])


def _rotate(options: argparse.Namespace, folder: RepositoryFolder) -> int:
    files = {"root": options.root_key, "targets": options.targets_key, "release": options.release_key}
    keys = new_keys_of_files(files, options.online, options.online_key, threshold=options.threshold, lost=options.lost)
    return _say_made(folder, make_rotation(folder, keys, utc_now()))


def _say_made(folder: RepositoryFolder, drafts: Sequence[VerifiedDraft]) -> int:
    print("These drafts wait for signatures:", *_waiting(folder, drafts), sep="\n")
    print("Sign each on as many machines as it needs: dca-hosting sign DRAFT --key KEY. Then: dca-hosting repository publish")
    return 0


def _status(options: argparse.Namespace, folder: RepositoryFolder) -> int:
    """Show each role; 1 when one is late or has expired, or the server cannot sign one of its own."""
    repository = Repository.open(folder.path)
    drafts = verified_drafts(folder)
    if repository is None and not drafts:
        raise RepositoryError(f"{folder.path} has no repository. Run: dca-hosting repository init")
    listed = repository.condition(utc_now()) if repository else []
    faults = repository.unusable_keys() if repository else {}
    if options.json:
        roles = [
            {**asdict(one), "expires": to_rfc3339(one.expires), "key_fault": faults.get(BINS if is_bin(one.role) else one.role)}
            for one in listed
        ]
        print(json.dumps({"roles": roles, "drafts": [draft.name for draft in drafts]}))
    elif listed:
        print(f"{'ROLE':10}  {'VERSION':>7}  {'VALID UNTIL':20}  {'STATE':7}  SIGNED BY")
    for one in () if options.json else without_bins(listed):
        signed = ", ".join(keyid[:8] for keyid in one.signatures)
        needed = f"{one.threshold} needed" if one.threshold > 1 else "the server"
        state = "no key" if one.role in faults else one.state
        print(f"{one.role:10}  {one.version:>7}  {to_rfc3339(one.expires):20}  {state:7}  {signed} ({needed})")
    if faults and not options.json:
        print("The server cannot sign all of its roles:", *(f"  {why}" for why in dict.fromkeys(faults.values())), sep="\n")
    if drafts and not options.json:
        print("These drafts wait to be published:", *_waiting(folder, drafts), sep="\n")
    return int(bool(faults) or any(one.state in ("late", "expired") for one in listed))


def _waiting(folder: RepositoryFolder, drafts: Sequence[VerifiedDraft]) -> list[str]:
    return [
        f"  {folder.drafts / draft.name}: "
        + ", ".join(_lacking(one) for one in draft.progress() if one.lacking or draft.is_complete)
        for draft in drafts
    ]


def _lacking(progress: Progress) -> str:
    named = f"the keys that {progress.signers.named_by} names"
    return f"{progress.lacking} more of {named}" if progress.lacking else f"signed by enough of {named}"
