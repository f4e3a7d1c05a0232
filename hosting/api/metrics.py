"""`GET /metrics`: how the server is, for a monitoring system; for nobody until somebody is named who may read it."""

from hmac import compare_digest
from typing import ClassVar

from appliance.common.network.forwarded import TrustedProxies
from hosting.api.base import ApiHandler
from hosting.api.errors import ApiError, throttled
from hosting.config import METRICS_ALLOW, METRICS_TOKEN
from hosting.metrics.counts import CONTENT_TYPE
from hosting.metrics.standing import Standing

FORWARDING = ("X-Forwarded-For", "Forwarded", "Via")
"""Headers by which a proxy shows itself."""


class MetricsHandler(ApiHandler):
    """Opened by an address, or by `Authorization: Bearer TOKEN`."""

    SUPPORTED_METHODS: ClassVar[tuple[str, ...]] = ("GET",)  # type: ignore[misc]
    route: ClassVar[str] = "metrics"

    def prepare(self) -> None:
        """Let in who may read. Raises ApiError 403, 401 where a token would open, 429 after too many wrong ones."""
        if self.request.method != "GET" or self._is_allowed_address():
            return
        expected = self.config.metrics_token
        if expected is None:
            sentence = f"The metrics are not for this address. Name it in {METRICS_ALLOW}, or set {METRICS_TOKEN}, at the server."
            raise ApiError(403, "not_allowed", sentence)
        attempts = f"metrics {self.client}"
        if wait := self.services.failures.wait(attempts):
            raise throttled("Too many wrong tokens came from this address.", wait)
        scheme, _, secret = self.request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secret:
            raise ApiError(401, "no_token", f"Send Authorization: Bearer TOKEN, with the token in {METRICS_TOKEN} of the server.")
        if not compare_digest(secret.strip().encode(), expected.encode()):
            self.services.failures.take(attempts)
            raise ApiError(401, "bad_token", f"The token is not the one in {METRICS_TOKEN} of the server.")

    async def get(self) -> None:
        """Answer in the text format of Prometheus."""
        standing: Standing = self.settings["standing"]
        content = self.services.counts.exposition(await standing.metrics())
        self.set_header("Content-Type", CONTENT_TYPE)
        self.finish(content)

    def _is_allowed_address(self) -> bool:
        """Whether the request comes from an address that may read: of a proxy nobody named it is not known whom it stands for."""
        peer = self.request.remote_ip or ""
        if not self.proxies.trusts(peer) and any(name in self.request.headers for name in FORWARDING):
            return False
        return TrustedProxies(self.config.metrics_allow).trusts(self.client_ip)
