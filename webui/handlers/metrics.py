"""`/metrics` for Prometheus: off until it has a token of its own, which opens nothing else."""

import asyncio
import hmac

import structlog
from tornado.web import HTTPError

from appliance.common.version import installed_version
from webui import metrics
from webui.exposition import CONTENT_TYPE, exposition
from webui.handlers.base import Access, Page

log = structlog.get_logger()


class Metrics(Page):
    """Everybody may ask; whoever has the token is answered."""

    access = Access.EVERYONE

    async def get(self) -> None:
        """Answer the metrics; 404 while there is no token (`web.metrics_token`), 401 for another one."""
        token = self.effective().settings.web.metrics_token.get_secret_value()
        if not token:
            raise HTTPError(404)
        scheme, _, given = self.request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
            log.warning("metrics were asked for without the right token", address=self.client_ip)
            self._refuse()
            return
        components = self.services.components
        status, traffic, supervisor = await asyncio.gather(
            components.collector("GET", "/v1/status"),
            components.collector("GET", "/v1/traffic?days=1"),
            components.supervisor("GET", "/v1/status"),
        )
        told = [
            metrics.build(installed_version()),
            *metrics.collector(status.data if status else None, traffic.data if traffic else None),
            *metrics.processes(supervisor.data.get("components", [])),
        ]
        self.set_header("Content-Type", CONTENT_TYPE)
        self.finish(exposition(told))

    def _refuse(self) -> None:
        self.set_status(401)
        self.set_header("WWW-Authenticate", 'Bearer realm="metrics"')
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish("Send the token of DCA_METRICS_TOKEN (web.metrics_token): Authorization: Bearer TOKEN.\n")
