"""Where the files of a repository come from: its server, or a bundle that a person has brought."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Protocol


class Source(Protocol):
    """Gives files by their address; the servers' own is `updater.trust.http_source.Fetcher`."""

    @property
    def server_date(self) -> datetime | None:
        """The clock of the server at its last answer, None where there is none."""
        ...

    def fetch(
        self, url: str, max_bytes: int, *, offset: int = 0, validator: str = "", begins: Callable[[int, str], None] = ...
    ) -> Iterator[bytes]:
        """Yield a file in pieces. Raises FetchError; see `Fetcher.fetch`."""
        ...

    def close(self) -> None:
        """Let go of what is open; the next fetch opens it again."""
        ...
