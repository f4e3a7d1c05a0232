"""Publish a rollout: compare, judge as a site would, sign, keep. One version after the other, as with configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from appliance.common.message import Message, message_of
from appliance.release import ROLLOUT_PATH, ReleaseError, Rollout, parse_rollout, write_rollout
from hosting.configuration.difference import Change
from hosting.configuration.publication import Publishing
from hosting.errors import ConfigurationError
from hosting.releases.rollout import Audience, Wish, changed, difference


@dataclass(frozen=True, slots=True)
class RolloutProposal:
    """What is to be published after version `base`, and the difference it makes."""

    rollout: Rollout
    base: int
    changes: tuple[Change, ...]


class Rollouts:
    """What publishes rollouts for one server. All methods block."""

    def __init__(self, publishing: Publishing) -> None:
        self._publishing = publishing

    def in_force(self) -> Rollout:
        """Return the rollout in force, one that offers nothing where there is none."""
        return self._newest()[0]

    def prepare(self, audience: Audience, wish: Wish, names: Mapping[str, str]) -> RolloutProposal:
        """Return the proposal of a wish; `names` are those of sites, by their ids. Raises ConfigurationError, RepositoryError."""
        before, base = self._newest()
        catalogue = self._publishing.published().catalogues().get(audience.channel)
        after = replace(changed(before, audience, wish, catalogue), version=base + 1)
        try:
            parse_rollout(write_rollout(after))
        except ReleaseError as error:
            why = Message("No site would take this rollout. %(why)s", why=message_of(error))
            raise ConfigurationError(why) from error
        return RolloutProposal(after, base, difference(before, after, names))

    def without_site(self, site_id: str) -> RolloutProposal | None:
        """Return the proposal that says nothing of a site any more, None where nothing is said of it."""
        before, base = self._newest()
        if not any(site_id in channel.sites for channel in before.channels.values()):
            return None
        channels = {
            name: replace(channel, sites={key: offer for key, offer in channel.sites.items() if key != site_id})
            for name, channel in before.channels.items()
        }
        after = replace(before, version=base + 1, channels=channels)
        return RolloutProposal(after, base, difference(before, after, {}))

    def publish(self, proposal: RolloutProposal, *, actor: str) -> None:
        """Sign and publish. Raises ConfigurationError when another version was published in between, RepositoryError."""
        content = write_rollout(proposal.rollout)
        self._publishing.publish_document(ROLLOUT_PATH, proposal.base, content, Message("rollout"), actor=actor)

    def _newest(self) -> tuple[Rollout, int]:
        """Return the rollout in force, and the highest version there ever was."""
        content, base = self._publishing.document(ROLLOUT_PATH)
        return parse_rollout(content) if content is not None else Rollout(base), base
