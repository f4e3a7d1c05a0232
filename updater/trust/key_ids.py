"""The repository of our own hosting server: there each key in metadata is named by its own hash, and a site takes no other.

TUF lets a client take any id, and the client alone (`dca trust`) does. But who signs compares ids: under a known one another key
would come into force. So this is looked at before the library sees the file, and what was trusted before stays.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from appliance.common.key_id import misnamed
from appliance.common.message import Message
from updater.errors import Reason, UntrustedError
from updater.trust.source import Source

WITHOUT_KEYS = r"(?:[0-9]+\.)?(?:timestamp|snapshot)\.json"
METADATA = re.compile(rf".*/metadata/(?!{WITHOUT_KEYS}$)(?P<name>[^/]+\.json)")
"""All that may name keys, numbered or not: root, targets, and what those delegate to."""


class NamedKeys:
    """A source whose metadata has no key under another id than its hash; in all else the source it is made of."""

    def __init__(self, source: Source) -> None:
        self._source = source

    @property
    def server_date(self) -> datetime | None:
        """The clock of the server at its last answer."""
        return self._source.server_date

    def fetch(
        self, url: str, max_bytes: int, *, offset: int = 0, validator: str = "", begins: Callable[[int, str], None] | None = None
    ) -> Iterator[bytes]:
        """Yield a file in pieces. Raises what the source raises, and UntrustedError (`invalid`)."""
        more: dict[str, Any] = {"offset": offset, "validator": validator} | ({"begins": begins} if begins else {})
        pieces = self._source.fetch(url, max_bytes, **more)
        found = METADATA.fullmatch(url)
        if found is None:
            yield from pieces
            return
        content = b"".join(pieces)
        require_named_keys(content, found["name"])
        yield content

    def close(self) -> None:
        """Let go of what is open."""
        self._source.close()


def require_named_keys(content: bytes, file: str) -> None:
    """Raise UntrustedError where metadata names a key by anything else than its hash. What is no metadata is left to the client."""
    try:
        signed = json.loads(content)["signed"]
        keys = [signed.get("keys") or {}, (signed.get("delegations") or {}).get("keys") or {}]
    except (ValueError, KeyError, TypeError, AttributeError):
        return
    except RecursionError as error:  # how deep can be read depends on the caller: the client may read what cannot be looked at here
        raise UntrustedError(
            Reason.INVALID, Message("%(file)s was refused: it is nested too deep to be looked at.", file=file), file=file
        ) from error
    if wrong := [keyid for named in keys if isinstance(named, Mapping) for keyid in misnamed(named)]:
        raise UntrustedError(
            Reason.INVALID,
            Message(
                "%(file)s was refused: it names a key by the id %(keyid)s, which is not the hash of that key. Ask the hosting "
                "team who signed it: somebody may have put a key of their own into the place of another.",
                file=file,
                keyid=wrong[0][:64],
            ),
            file=file,
        )
