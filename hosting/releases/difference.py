"""What is different between two catalogues, in lines for the person who signs. Pure."""

import json
from collections.abc import Iterator

from appliance.common.clock import to_rfc3339
from appliance.common.plain import plain
from appliance.release import Catalogue, Release


def catalogue_lines(before: Catalogue, after: Catalogue) -> list[str]:
    """Return what signing `after` does: the releases that come, those that go, and those that are changed."""
    lines = [f"Channel {after.channel}:"]
    for release in after.releases:
        known = before.find(release.version)
        if known is None:
            lines += [f"  NEW release {release.version}, number {release.counter}", *_release(release)]
        elif known != release:
            lines += [f"  CHANGED release {release.version}, which is published already. It was:", *_release(known)]
            lines += ["  and is to be:", *_release(release)]
    lines += [
        f"  WITHDRAWN release {release.version}, number {release.counter}: no site moves to it any more"
        for release in before.releases
        if after.find(release.version) is None
    ]
    kept = [release.version for release in after.releases if before.find(release.version) == release]
    return [plain(line) for line in [*lines, f"  unchanged: {', '.join(kept) or 'none'}"]]


def _release(release: Release) -> Iterator[str]:
    yield f"    published at     {to_rfc3339(release.published_at)}"
    if release.repository:
        yield f"    image            {release.repository}"
        yield f"    index            {release.index or 'none'}"
    for name, platform in release.platforms.items():
        yield f"    {name}"
        yield f"      manifest       {platform.manifest or 'none'}"
        yield f"      image id       {platform.config}"
        yield f"      unpacked       {platform.size:,} bytes"
        yield f"      archive        {platform.archive or 'none'}"
    yield f"    for engines from API {release.min_engine_api}, for versions from {release.min_version or 'any'}"
    gate = release.gate
    yield f"    switched by the {release.switcher} image; good after {gate.steady_seconds} s, within {gate.deadline_seconds} s"
    if release.allow_downgrade_from is not None:
        yield f"    ALSO FOR SITES THAT HAVE A NEWER VERSION, up to number {release.allow_downgrade_from}"
    if release.late_rollback:
        yield "    may be taken back later than its gate"
    for name, value in sorted(release.extra.items()):
        yield f"    {name}: {json.dumps(value, sort_keys=True)}"
    yield "    notes:"
    for line in release.notes.splitlines() or ["none"]:
        yield f"      | {line}"
