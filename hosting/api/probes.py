"""Whether the server lives and whether it can do its work: for load balancers and engines, without a token, without details."""

from typing import ClassVar

from appliance.common.clock import to_rfc3339, utc_now
from hosting.api.base import ApiHandler
from hosting.api.errors import ApiError, retry_after_fault


class LiveHandler(ApiHandler):
    """`GET /livez`: whether this process answers. Where it does not, starting it again helps."""

    route: ClassVar[str] = "probe"
    SUPPORTED_METHODS: ClassVar[tuple[str, ...]] = ("GET", "HEAD")  # type: ignore[misc]

    async def get(self) -> None:
        """Answer 200."""
        self.answer({"ok": True})

    async def head(self) -> None:
        """Answer as GET does, without the body."""
        await self.get()


class ReadyHandler(LiveHandler):
    """`GET /readyz`, also `/healthz`: whether it can take what sites send. Starting it again would not help."""

    async def get(self) -> None:
        """Answer 200 when the database has taken something just now. Raises ApiError 503 when it has not, or was told to stop."""
        if self.services.readiness.leaving:
            sentence = "The server was told to stop. Ask another one, or this one when it was started again."
            raise ApiError(503, "stopping", sentence, retry_after=retry_after_fault())
        if not await self.services.readiness.is_ready():
            sentence = "The server cannot keep anything at the moment; its log says more."
            raise ApiError(503, "not_ready", sentence, retry_after=retry_after_fault())
        certificate = self.services.certificate
        soon = certificate is not None and certificate.ends_soon(utc_now())
        self.answer({"ok": True} | ({"certificate_expires_at": to_rfc3339(certificate.expires)} if certificate and soon else {}))
