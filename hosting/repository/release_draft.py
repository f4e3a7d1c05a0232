"""Drafts that change which releases there are: people sign the catalogue of a channel, and the image archives it names."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import datetime
from pathlib import Path
from typing import Any

from tuf.api.metadata import TargetFile, Targets

from appliance.release import Catalogue, ReleaseError, catalogue_path, parse_catalogue, write_catalogue
from hosting.errors import RepositoryError
from hosting.repository.archives import Kept, take_in, tidy
from hosting.repository.folder import RepositoryFolder
from hosting.repository.published import PublishedTarget
from hosting.repository.roles import RELEASE, validity
from hosting.repository.rotation import published_state
from hosting.repository.waiting import make_draft, require_none_waits
from hosting.signing.drafts import Contents
from hosting.signing.verification import VerifiedDraft

Change = Callable[[Catalogue, int], Catalogue]
"""Makes the next catalogue out of the one that is published and the highest counter its channel ever had."""


def make_release_draft(
    folder: RepositoryFolder, channel: str, change: Change, archives: Mapping[str, Path], now: datetime
) -> VerifiedDraft:
    """Make the draft of the role `release` with another catalogue, and return it. Raises RepositoryError.

    `archives` are files by the targets that they become; they are copied, and wait with the draft.
    """
    with folder.locked():
        state = published_state(folder)
        require_none_waits(folder, [RELEASE])
        folder.prepare()
        tidy(folder)
        path = catalogue_path(channel)
        before = _content(folder, state.release.targets.get(path))
        former = _catalogue(channel, before)
        highest = _highest_counter(state.release.targets.get(path), former)
        catalogue = change(former, highest)
        content = _judged(catalogue)
        signed = deepcopy(state.release)
        signed.expires = now + validity(RELEASE)
        info = TargetFile.from_data(path, content, ["sha256"])
        counters = [highest, *(release.counter for release in catalogue.releases)]
        version = _custom(state.release.targets.get(path)).get("version", 0) + 1
        info.unrecognized_fields["custom"] = {"version": version, "counter": max(counters)}
        signed.targets[path] = info
        _follow(signed, former, catalogue, {name: take_in(folder, file) for name, file in archives.items()})
        contents = Contents({path: before.decode()} if before else {}, {path: content.decode()})
        return make_draft(folder, RELEASE, signed, {}, contents=contents)


def _follow(signed: Targets, before: Catalogue, after: Catalogue, taken: Mapping[str, Kept]) -> None:
    """Sign for the archives that the catalogue names, and no more for those it named before."""
    named = after.archives()
    for path in before.archives() - named:
        signed.targets.pop(path, None)
    for path, kept in taken.items():
        signed.targets[path] = TargetFile(kept.length, {"sha256": kept.sha256}, path)
    if lacking := named - signed.targets.keys():
        raise RepositoryError(f"The catalogue names {min(lacking)}, for which nobody signs. Add the release with that archive.")


def _content(folder: RepositoryFolder, info: TargetFile | None) -> bytes | None:
    if info is None:
        return None
    return PublishedTarget(info.path, folder.target(info.path, info.hashes["sha256"]), info.length).read()


def _catalogue(channel: str, content: bytes | None) -> Catalogue:
    try:
        return parse_catalogue(content) if content is not None else Catalogue(channel)
    except ReleaseError as error:
        raise RepositoryError(f"The published catalogue of {channel} cannot be read. {error}") from error


def _judged(catalogue: Catalogue) -> bytes:
    content = write_catalogue(catalogue)
    try:
        parse_catalogue(content)
    except ReleaseError as error:
        raise RepositoryError(f"No site would take this release. {error}") from error
    return content


def _highest_counter(info: TargetFile | None, catalogue: Catalogue) -> int:
    told = _custom(info).get("counter", 0)
    return max([told if isinstance(told, int) else 0, *(release.counter for release in catalogue.releases)])


def _custom(info: TargetFile | None) -> Mapping[str, Any]:
    custom = info.custom if info else None
    return custom if isinstance(custom, dict) else {}
