"""Releases that are published without an image: what the console and the wire show does not need one."""

from dataclasses import replace
from pathlib import Path

from appliance.common.clock import utc_now
from appliance.release import Catalogue
from hosting.configuration.publication import Publishing
from hosting.releases.images import PlatformImage, RegistryImage
from hosting.releases.new_release import Wishes, make_release, with_release
from hosting.releases.publication import Rollouts
from hosting.releases.rollout import Audience, Wish
from hosting.repository.folder import RepositoryFolder
from hosting.repository.keys import load_signer
from hosting.repository.release_draft import make_release_draft
from hosting.repository.repository import publish_drafts
from hosting.repository.waiting import verified_drafts
from hosting.signing.drafts import write_draft
from tests.hosting.repository.published import PASSPHRASE

DIGEST = "sha256:" + "a" * 64


def publish_releases(repository: Path, keys: Path, *versions: str, notes: str = "Reads more meters.") -> None:
    """Publish a catalogue with these versions more, signed with the local keys of releases."""
    folder = RepositoryFolder(repository)
    image = RegistryImage("registry.example.com/dca", DIGEST, {"linux/amd64": PlatformImage(DIGEST, DIGEST, 1)})
    made = make_release(Wishes("0.0.0", notes=notes), image, [], utc_now())

    def change(catalogue: Catalogue, highest: int) -> Catalogue:
        for number, version in enumerate(versions):
            catalogue = with_release(catalogue, replace(made, version=version), highest + number)
        return catalogue

    make_release_draft(folder, "stable", change, {}, utc_now())
    for draft in verified_drafts(folder):
        for number in (1, 2):
            key = str(keys / f"release-{number}.key")
            draft.sign(load_signer(key, draft.candidates().values(), lambda: PASSPHRASE))
        write_draft(folder.drafts / draft.name, draft.draft)
    publish_drafts(folder, utc_now())


def offer(publishing: Publishing, wish: Wish, audience: Audience | None = None) -> None:
    """Publish a change of the rollout."""
    rollouts = Rollouts(publishing)
    rollouts.publish(rollouts.prepare(audience or Audience("stable"), wish, {}), actor="test")
