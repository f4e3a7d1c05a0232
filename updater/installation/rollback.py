"""The way back to the version before, because a person wants it, or the installed one ends too often.

It goes by the image that was kept at the last update, and asks nobody; only an image that is gone is fetched again. The version
that is left is denied, so that it does not come back by itself.
"""

from appliance.common.clock import to_rfc3339, utc_now
from appliance.common.message import Message
from appliance.common.version import installed_version
from appliance.release import Release
from updater.engine.container_spec import Json
from updater.engine.labels import container_name, earlier_kept_reference, kept_reference
from updater.errors import NotInstalledError
from updater.installation.installation import Installation, UnsignedRelease
from updater.installation.sources import InstallOffer
from updater.records import denied, history, offered
from updater.records.denied import Denied
from updater.records.history import Result
from updater.releases.decision import own_platform
from updater.releases.rules import installed_counter


def go_back(work: Installation) -> None:
    """Put the version before in the place of the present one, up to the hand-over. Raises DcaError or OSError."""
    work.prepare()
    folder, present = work.paths.update, installed_version()
    before = _before(work)
    work.to_version = before.from_version
    received = offered.read(folder)
    catalogue = received.catalogue if received else None
    counter = installed_counter(catalogue, present, received.floor if received else 0)
    with InstallOffer(work.paths, work.store, own_platform()) as offer:
        url = offer.hosting_url
        kept = _kept(work, before)
        image = str(kept["Id"]) if kept else _obtain_again(work, offer, before.from_version)
    work.try_out(image)
    release = catalogue.find(before.from_version) if catalogue else None
    earlier = release or UnsignedRelease(before.from_version, before.from_counter)
    transaction = work.transaction_for(image, earlier, counter, url)
    left = Denied(
        _config(work, catalogue.find(present) if catalogue else None), present, counter, to_rfc3339(utc_now()), "taken back"
    )
    denied.add(folder, left)
    try:
        work.begin(transaction)
    except BaseException:
        denied.clear(folder, present)
        raise


def _kept(work: Installation, before: Result) -> Json | None:
    """Return the image that was kept when the present version was installed."""
    name = kept_reference(work.reference, container_name(work.own), before.transaction)
    return work.engine.image(name) or work.engine.image(earlier_kept_reference(work.reference, before.transaction))


def _before(work: Installation) -> Result:
    """Return how the present version was installed. Raises NotInstalledError where there is no way back."""
    present = installed_version()
    row = history.installation_of(work.paths.update, present)
    if row is None:
        raise NotInstalledError(
            "nothing before",
            Message(
                "Version %(present)s was not installed by this appliance, so that there is nothing to go back "
                "to. Install the version before in the way in which this one was installed.",
                present=present,
            ),
            refused=True,
        )
    if any(each.version == row.from_version for each in denied.read(work.paths.update)):
        raise NotInstalledError(
            "denied",
            f"Version {row.from_version}, the one before, was given up here. Allow it again first: "
            f"dca update allow {row.from_version}",
            refused=True,
        )
    return row


def _obtain_again(work: Installation, offer: InstallOffer, version: str) -> str:
    """Return the image of an earlier version that is gone here, as it is signed. Raises NotInstalledError, DcaError."""
    seen = offer.look()
    release = seen.received.catalogue.find(version) if seen.received.catalogue else None
    if release is None or own_platform() not in release.platforms:
        raise NotInstalledError(
            "image gone",
            Message(
                "The image of version %(version)s is no longer on this host, and the hosting team does not have "
                "that version any more.",
                version=version,
            ),
        )
    return work.obtain(offer, seen, release)


def _config(work: Installation, present: Release | None) -> str:
    """Return the digest by which the present version is denied: the signed one, where it is known."""
    platform = present.platforms.get(own_platform()) if present else None
    return platform.config if platform else str(work.own["Image"])
