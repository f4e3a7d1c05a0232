"""Letting the collector count what a short-lived process has fetched: it keeps all that this site costs the network."""

import asyncio
import contextlib
from collections.abc import Iterator

from appliance.common.errors import ControlError
from appliance.common.paths import Paths
from appliance.process.client import ControlClient
from updater.trust.http_source import Fetcher
from updater.trust.source import Source


@contextlib.contextmanager
def counted(paths: Paths, source: Source) -> Iterator[Source]:
    """Close `source` at the end of the block, and let the collector count what it has fetched; one that does not run does not."""
    try:
        yield source
    finally:
        source.close()  # only then all is counted
        if isinstance(source, Fetcher) and source.traffic.packets_sent:
            client = ControlClient(paths.collector_socket, "collector")
            with contextlib.suppress(ControlError):
                asyncio.run(client.call("POST", "/v1/traffic", {"traffic": {"update": source.traffic.as_json()}}))
