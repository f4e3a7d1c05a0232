"""What the hosting team says about versions: what there is (catalogue, signed offline), and who gets it (rollout, signed online).

Pure; the hosting server, the updater and the web UI use it. An appliance acts only where both documents agree.
"""

from appliance.release.catalogue import (
    CATALOGUE_BYTES,
    CHANNEL_NAME,
    DEADLINE_SECONDS,
    DEFAULT_CHANNEL,
    RELEASES,
    STEADY_SECONDS,
    Catalogue,
    HealthGateTimes,
    Platform,
    Release,
    Switcher,
    archive_path,
    catalogue_path,
    parse_catalogue,
    write_catalogue,
)
from appliance.release.fields import ReleaseError, ReleaseReason
from appliance.release.rollout import (
    ROLLOUT_BYTES,
    ROLLOUT_PATH,
    ChannelRollout,
    Offer,
    Rollout,
    in_cohort,
    offer_for,
    parse_rollout,
    rollout_marker,
    write_rollout,
)
from appliance.release.versions import VERSION, version_key

__all__ = [
    "CATALOGUE_BYTES",
    "CHANNEL_NAME",
    "DEADLINE_SECONDS",
    "DEFAULT_CHANNEL",
    "RELEASES",
    "ROLLOUT_BYTES",
    "ROLLOUT_PATH",
    "STEADY_SECONDS",
    "VERSION",
    "Catalogue",
    "ChannelRollout",
    "HealthGateTimes",
    "Offer",
    "Platform",
    "Release",
    "ReleaseError",
    "ReleaseReason",
    "Rollout",
    "Switcher",
    "archive_path",
    "catalogue_path",
    "in_cohort",
    "offer_for",
    "parse_catalogue",
    "parse_rollout",
    "rollout_marker",
    "version_key",
    "write_catalogue",
    "write_rollout",
]
