"""The reverse proxies in front of a web interface: whose `X-Forwarded-*` headers count, and what is said of all others."""

from collections.abc import Mapping

import structlog

from appliance.common.network.forwarded import Forwarded, TrustedProxies

UNNAMED_KEPT = 100

CONSEQUENCES = {
    "X-Forwarded-For": "all behind it count as one address",
    "X-Forwarded-Proto": "HTTPS in front of it does not make cookies Secure",
    "X-Forwarded-Host": "forms may be refused as coming from another site",
}
"""What it means that a header is ignored."""

log = structlog.get_logger()


class Proxies:
    """The proxies that somebody named in `variable`, and a warning once for each that nobody did."""

    def __init__(self, trusted: TrustedProxies, variable: str) -> None:
        self.variable = variable
        self._trusted = trusted
        self._unnamed: set[str] = set()

    def trusts(self, peer: str) -> bool:
        """Whether the headers of `peer` count."""
        return self._trusted.trusts(peer)

    def forwarded(self, peer: str, headers: Mapping[str, str]) -> Forwarded:
        """Return what the proxy at `peer` forwards: of one that nobody named nothing, and the log says so once."""
        if not self.trusts(peer):
            self._warn(peer, [name for name in CONSEQUENCES if name in headers])
        return self._trusted.forwarded(peer, headers)

    def _warn(self, peer: str, ignored: list[str]) -> None:
        if not ignored or peer in self._unnamed or len(self._unnamed) >= UNNAMED_KEPT:
            return
        self._unnamed.add(peer)
        message = (
            f"Headers of a proxy that is not named are ignored ({', '.join(ignored)}): "
            f"{'; '.join(CONSEQUENCES[name] for name in ignored)}. Name its address in {self.variable}."
        )
        log.warning(message, proxy=peer)
