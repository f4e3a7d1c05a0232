"""`dca-hosting release`: make and withdraw releases, which people sign, and say who is offered which."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from appliance.common.clock import to_rfc3339, utc_now
from appliance.release import CHANNEL_NAME, DEADLINE_SECONDS, STEADY_SECONDS, HealthGateTimes, offer_for
from hosting.commands import rollout
from hosting.config import data_folder, make_config
from hosting.errors import ConfigurationError, DataError
from hosting.releases.archive import read_archive
from hosting.releases.credentials import read_login
from hosting.releases.images import RegistryImage, look_up
from hosting.releases.new_release import Wishes, archive_files, make_release, with_release, without_release
from hosting.releases.registry import Registry, parse_reference
from hosting.repository.folder import RepositoryFolder
from hosting.repository.published import PublishedState
from hosting.repository.release_draft import make_release_draft
from hosting.signing.draft_text import describe
from hosting.signing.verification import VerifiedDraft

Action = Callable[[argparse.Namespace, RepositoryFolder], int]


def run(options: argparse.Namespace) -> int:
    """Do what the action says."""
    if not CHANNEL_NAME.fullmatch(options.channel):
        raise ConfigurationError(f"{options.channel[:40]!r} cannot be a channel. Use up to 32 small letters, digits and hyphens.")
    if options.action == "rollout":
        return rollout.run(options)
    config = make_config(data_folder(options.data))
    if not config.folder.is_dir():
        raise DataError(f"The data folder {config.folder} does not exist. Run: dca-hosting init --data {config.folder}")
    actions: dict[str, Action] = {"add": _add, "withdraw": _withdraw, "list": _list}
    return actions[options.action](options, RepositoryFolder(config.repository))


def _add(options: argparse.Namespace, folder: RepositoryFolder) -> int:
    """Make the draft of a new release."""
    if not options.archive and not options.image:
        raise ConfigurationError("Say which image the release is: --archive FILE.tar.gz, --image REPO:TAG, or both.")
    PublishedState.look(folder)
    archives = [read_archive(Path(file)) for file in options.archive]
    image = _image(options) if options.image else None
    release = make_release(_wishes(options), image, archives, utc_now())
    draft = make_release_draft(
        folder,
        options.channel,
        lambda catalogue, highest: with_release(catalogue, release, highest),
        archive_files(release, archives),
        utc_now(),
    )
    return _say_made(folder, draft)


def _wishes(options: argparse.Namespace) -> Wishes:
    for option, value, (least, most) in (
        ("--deadline", options.deadline, DEADLINE_SECONDS),
        ("--steady", options.steady, STEADY_SECONDS),
    ):
        if not least <= value <= most:
            raise ConfigurationError(f"{option} {value} is no number of seconds from {least} to {most}.")
    return Wishes(
        version=options.version,
        notes=_notes(options.notes),
        counter=options.counter,
        min_version=options.min_version,
        min_engine_api=options.min_engine_api,
        allow_downgrade_from=options.allow_downgrade_from,
        switcher=options.switcher,
        late_rollback=options.late_rollback,
        gate=HealthGateTimes(options.deadline, options.steady),
    )


def _notes(file: str | None) -> str:
    if file is None:
        return ""
    try:
        return Path(file).read_text(encoding="utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{file} is not UTF-8 text: byte {error.start} cannot be read.") from error


def _image(options: argparse.Namespace) -> RegistryImage:
    reference = parse_reference(options.image)
    login = read_login(Path(options.credentials), reference.host) if options.credentials else None
    print(f"Asking {reference.host} for {reference}.", file=sys.stderr, flush=True)
    return look_up(Registry(reference.host, login), reference)


def _withdraw(options: argparse.Namespace, folder: RepositoryFolder) -> int:
    """Make the draft of a catalogue without a release."""
    draft = make_release_draft(
        folder, options.channel, lambda catalogue, _highest: without_release(catalogue, options.version), {}, utc_now()
    )
    return _say_made(folder, draft)


def _say_made(folder: RepositoryFolder, draft: VerifiedDraft) -> int:
    print(*describe(draft, utc_now()), sep="\n")
    needed = ", ".join(f"{one.lacking} of the keys of {one.signers.named_by}" for one in draft.progress())
    print(f"This draft waits for signatures ({needed}): {folder.drafts / draft.name}")
    print("Sign it on as many machines as it needs: dca-hosting sign DRAFT --key KEY. Then: dca-hosting repository publish")
    return 0


def _list(options: argparse.Namespace, folder: RepositoryFolder) -> int:
    """Show the releases of a channel, the newest first, and which of them everybody is offered."""
    published = PublishedState.look(folder)
    catalogue, rolled = published.catalogues().get(options.channel), published.rollout()
    releases = catalogue.releases[::-1] if catalogue else ()
    offered = offer_for(rolled, options.channel, None, "") if rolled else None
    if options.json:
        offer = offered.to_json() if offered else None
        print(json.dumps({"channel": options.channel, "releases": [one.to_json() for one in releases], "offer": offer}))
        return 0
    if not releases:
        print(f"The channel {options.channel} has no release. Make one: dca-hosting release add")
        return 0
    print(f"{'VERSION':16}  {'NUMBER':>6}  {'PUBLISHED':20}  {'PLATFORMS':24}  OFFERED")
    for release in releases:
        mine = offered if offered and offered.version == release.version else None
        words = "" if mine is None else f"to {mine.percent} % of all sites" + (", paused" if mine.paused else "")
        platforms = ", ".join(release.platforms)
        print(
            f"{release.version:16}  {release.counter:>6}  {to_rfc3339(release.published_at):20}  {platforms:24}  {words}".rstrip()
        )
    return 0
