"""A repository with a role for releases, beside those for configuration."""

from datetime import UTC, datetime

from securesystemslib.signer import CryptoSigner

from appliance.release import (
    ROLLOUT_PATH,
    Catalogue,
    ChannelRollout,
    Offer,
    Release,
    Rollout,
    catalogue_path,
    write_catalogue,
    write_rollout,
)

from .configured import ConfigRepository

PUBLISHED_AT = datetime(2026, 11, 1, tzinfo=UTC)


def add_release_role(repository: ConfigRepository) -> None:
    """Delegate `release/*` to a role of its own, and leave the other delegations as they are."""
    before = repository.targets.delegations
    assert before is not None
    assert before.roles is not None
    repository.delegate("targets", {"release": "release/*"}, CryptoSigner.generate_ed25519())
    after = repository.targets.delegations
    assert after is not None
    assert after.roles is not None
    after.roles.update(before.roles)
    after.keys.update(before.keys)


class Releases:
    """What a hosting team has released and offers, in the channel `stable`."""

    def __init__(self, repository: ConfigRepository) -> None:
        add_release_role(repository)
        self._repository = repository
        self.releases: list[Release] = []
        self.offer: Offer | None = None

    def publish(self) -> None:
        """Publish catalogue and rollout as they are."""
        catalogue = Catalogue("stable", tuple(sorted(self.releases, key=lambda release: release.counter)))
        rollout = Rollout(1, {"stable": ChannelRollout(self.offer)})
        self._repository.add_target(catalogue_path("stable"), write_catalogue(catalogue), "release")
        self._repository.add_target(ROLLOUT_PATH, write_rollout(rollout), "globalcfg")
        self._repository.publish()

    def release(self, release: Release, archive: bytes | None = None, **offered: object) -> None:
        """Release a version, and offer it to all."""
        self.releases.append(release)
        for platform in release.platforms.values():
            if archive is not None and platform.archive is not None:
                self._repository.add_target(platform.archive, archive, "release")
        self.offer = Offer(release.version, release.counter, **offered)  # type: ignore[arg-type]
        self.publish()

    def withdraw(self, version: str) -> None:
        """Take a version out of the catalogue."""
        self.releases = [release for release in self.releases if release.version != version]
        self.publish()
