"""What a repository has about versions for one site: the rollout, and the catalogue of its channel. Needs a refreshed repository.

Configuration and versions do not wait for each other: whatever is wrong here becomes a sentence beside what is offered.
"""

from datetime import datetime
from pathlib import Path

from appliance.common.clock import to_rfc3339
from appliance.common.message import Message, message_of
from appliance.common.signed_documents import NO_MARKER
from appliance.release import (
    CATALOGUE_BYTES,
    ROLLOUT_BYTES,
    ROLLOUT_PATH,
    Catalogue,
    ReleaseError,
    Rollout,
    catalogue_path,
    parse_catalogue,
    parse_rollout,
    rollout_marker,
)
from updater.configuration.installed import InstalledVersion
from updater.errors import Reason, UntrustedError
from updater.records.offered import Offered
from updater.releases.rules import installed_counter
from updater.trust.client import Repository
from updater.trust.folder import folder_errors


def receive_releases(
    repository: Repository,
    folder: Path,
    *,
    channel: str,
    group: str | None,
    installed: InstalledVersion,
    before: Offered | None,
    now: datetime,
) -> Offered:
    """Return what is offered. `folder` keeps the documents, `before` is what was offered until now, `installed` what stays here.

    Raises TrustError when something could not be fetched, or the folder not be used: then what was offered before stays.
    """
    marker, floor = NO_MARKER, installed.counter or (before.floor if before else 0)
    try:
        content = _document(repository, ROLLOUT_PATH, ROLLOUT_BYTES, folder)
        marker = rollout_marker(content)
        rollout = parse_rollout(content) if content is not None else None
        catalogue = _catalogue(repository, channel, folder)
    except (ReleaseError, UntrustedError) as error:
        return Offered(to_rfc3339(now), marker, group=group, floor=floor, problem=message_of(error))
    return Offered(
        to_rfc3339(now), marker, catalogue, _for_us(rollout, channel), group, installed_counter(catalogue, installed.version, floor)
    )


def _catalogue(repository: Repository, channel: str, folder: Path) -> Catalogue | None:
    path = catalogue_path(channel)
    content = _document(repository, path, CATALOGUE_BYTES, folder)
    if content is None:
        return None
    catalogue = parse_catalogue(content)
    if catalogue.channel != channel:
        raise ReleaseError(
            "invalid",
            Message(
                "%(path)s is the list of another channel, %(channel)s. Ask the hosting team.", path=path, channel=catalogue.channel
            ),
        )
    return catalogue


def _for_us(rollout: Rollout | None, channel: str) -> Rollout | None:
    """Return the rollout with our channel alone, which is all that is kept here."""
    if rollout is None:
        return None
    return Rollout(rollout.version, {name: found for name, found in rollout.channels.items() if name == channel})


def _document(repository: Repository, path: str, most: int, folder: Path) -> bytes | None:
    """Return a document, None where nobody signed for one. Raises TrustError, ReleaseError."""
    try:
        target = repository.target(path)
    except UntrustedError as error:
        if error.reason is Reason.MISSING:
            return None
        raise
    if target.length > most:
        raise ReleaseError(
            "too long",
            Message(
                "%(path)s has %(length)s bytes, more than the %(most)s that are taken.", path=path, length=target.length, most=most
            ),
        )
    file = repository.download(path, folder)
    with folder_errors(file):
        return file.read_bytes()
