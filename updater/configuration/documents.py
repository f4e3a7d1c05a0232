"""The TUF client of the repository that this site follows, at its server or in a bundle; and the documents it has for this site."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from appliance.common.message import Message
from appliance.common.paths import Paths
from appliance.common.version import installed_at
from appliance.settings.document import DOCUMENT_BYTES, LARGEST_VERSION, DocumentError, ReceivedLayerName, site_path
from updater.configuration.rules import Offer
from updater.errors import Reason, UntrustedError
from updater.trust.client import Repository, RepositoryUrls, TrustClient
from updater.trust.folder import EARLIEST, TrustFolder, folder_errors
from updater.trust.key_ids import NamedKeys, require_named_keys
from updater.trust.origin import Followed
from updater.trust.source import Source

BUILD_TOLERANCE = timedelta(days=1)
"""By so much the clock of the machine that built this software may have been ahead."""


def site_client(
    paths: Paths,
    followed: Followed,
    source: Source,
    base: str,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> TrustClient:
    """Return the client; `base` is the address of the repository without a slash at its end. Raises TrustError."""
    folder = paths.repository(followed.root_sha256)
    return TrustClient(
        folder,
        RepositoryUrls.below(base),
        bootstrap=bootstrap_of(folder, followed),
        source=NamedKeys(source),
        not_before=max(EARLIEST, (installed_at() or EARLIEST) - BUILD_TOLERANCE),
        clock=clock,
    )


def bootstrap_of(folder: Path, followed: Followed) -> bytes:
    """Return the root that this site was enrolled with. Raises TrustFolderError, UntrustedError."""
    content = TrustFolder(folder).bootstrap()
    if hashlib.sha256(content).hexdigest() != followed.root_sha256:
        raise UntrustedError(
            Reason.MISMATCH,
            Message(
                "The root of trust in %(folder)s is not the one this site was enrolled with. Enrol the site "
                "again with a new enrolment string.",
                folder=folder,
            ),
            file="root.json",
        )
    require_named_keys(content, "root.json")
    return content


def document_at(repository: Repository, layer: ReceivedLayerName, path: str, folder: Path) -> Iterator[Offer]:
    """Yield the document of configuration at a path, if there is one; `folder` keeps it. Raises TrustError."""
    try:
        target = repository.target(path)
    except UntrustedError as error:
        if error.reason is Reason.MISSING:
            return
        raise
    content = None
    if target.length <= DOCUMENT_BYTES:
        file = repository.download(path, folder)
        with folder_errors(file):
            content = file.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest() if content is not None else target.hashes.get("sha256", "")
    told = target.custom.get("version")
    version = told if isinstance(told, int) and 0 < told <= LARGEST_VERSION else 0
    yield Offer(layer, path, target.length, sha256, content, repository.signed_by(path), version)


def group_of(repository: Repository, site_id: str, folder: Path) -> str | None:
    """Return the group that the hosting team has put this site into. Raises TrustError."""
    try:
        return next((offer.document().group for offer in document_at(repository, "assigned", site_path(site_id), folder)), None)
    except DocumentError:  # the configuration is refused because of it
        return None
