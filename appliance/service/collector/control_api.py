"""The control socket of the collector: handlers parse, the collector knows. Calls: docs/protocol/control-sockets.md."""

import structlog
from tornado.iostream import StreamClosedError
from tornado.web import Application, HTTPError, RequestHandler

from appliance.common.files import to_json
from appliance.common.message import with_messages
from appliance.common.network.traffic import Traffic
from appliance.process.control import ControlHandler
from appliance.service.collector.collector import Collector
from appliance.settings.rows import By
from appliance.store.accounting import KEEP_DAYS

log = structlog.get_logger()


class CollectorHandler(ControlHandler):
    """Base of the handlers: each has the collector."""

    def initialize(self, collector: Collector) -> None:
        """Take the collector."""
        self.collector = collector

    def text_field(self, name: str) -> str:
        """Return a field of the request that must be text. Raises HTTPError 400."""
        value = self.body().get(name)
        if not isinstance(value, str) or not value.strip():
            raise HTTPError(400, f'The request lacks "{name}".')
        return value


class StatusHandler(CollectorHandler):
    """`GET /v1/status`."""

    async def get(self) -> None:
        """Answer what the collector does and how it is."""
        self.answer(await self.collector.status())


class HealthHandler(CollectorHandler):
    """`GET /v1/health`."""

    async def get(self) -> None:
        """Answer the deep check."""
        self.answer(await self.collector.health())


class TrafficHandler(CollectorHandler):
    """`/v1/traffic`: `GET`, with `days=N` for another number of days than 30, and `POST`."""

    async def get(self) -> None:
        """Answer what the appliance has cost the network."""
        days = self.get_query_argument("days", "30")
        if not (days.isascii() and days.isdecimal() and 0 < int(days) <= KEEP_DAYS):
            raise HTTPError(400, f'"days" must be a number from 1 to {KEEP_DAYS}.')
        self.answer(await self.collector.traffic(int(days)))

    def post(self) -> None:
        """Count what another process of the appliance has cost the network: the checks for configuration."""
        counts = self.body().get("traffic")
        if not isinstance(counts, dict) or counts.keys() - {"update"}:
            raise HTTPError(400, '"traffic" must be {"update": counts}: everything else the collector counts itself.')
        try:
            counted = {purpose: Traffic.from_json(count) for purpose, count in counts.items()}
        except ValueError as error:
            raise HTTPError(400, '"traffic" must have the four counts of each purpose.') from error
        for traffic in counted.values():
            self.collector.count_update(traffic)
        self.answer({})


class ScanHandler(CollectorHandler):
    """`POST /v1/scan`."""

    def post(self) -> None:
        """Begin a sweep of the given targets, or of those of the settings."""
        targets = self.body().get("targets")
        if targets is not None and not (isinstance(targets, list) and all(isinstance(item, str) for item in targets)):
            raise HTTPError(400, '"targets" must be a list of texts.')
        self.answer({"scan": self.collector.start_sweep(targets).id}, 202)


class FoundHandler(CollectorHandler):
    """`/v1/found`: `GET`, and `POST` of decisions."""

    def get(self) -> None:
        """Answer what was found beside the ranges, and what was decided."""
        self.answer(self.collector.findings.as_json())

    async def post(self) -> None:
        """Add, ignore or bring back what was found."""
        decisions = {name: self.body().get(name, []) for name in ("add", "ignore", "restore")}
        for name, addresses in decisions.items():
            if not (isinstance(addresses, list) and all(isinstance(item, str) for item in addresses)):
                raise HTTPError(400, f'"{name}" must be a list of texts.')
        self.answer(await self.collector.findings.decide(**decisions))


class LookHandler(CollectorHandler):
    """`POST /v1/found/look`."""

    def post(self) -> None:
        """Begin to look for printers beside the ranges."""
        self.answer({"scan": self.collector.start_look().id}, 202)


class CancelHandler(CollectorHandler):
    """`POST /v1/scan/cancel`."""

    def post(self) -> None:
        """Abandon the scan that runs."""
        self.collector.cancel_scan()
        self.answer({}, 202)


class EventsHandler(CollectorHandler):
    """`GET /v1/scan/events`: server-sent events (WHATWG HTML, section 9.2)."""

    async def get(self) -> None:
        """Stream the state of the scan until it is done."""
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("Cache-Control", "no-store")
        try:
            await self.flush()
            async for state in self.collector.scans.follow():
                self.write(b"data: " + to_json(with_messages(state)) + b"\n\n")
                await self.flush()
        except StreamClosedError:  # the one who watched has gone
            return


class UploadHandler(CollectorHandler):
    """`POST /v1/upload`."""

    def post(self) -> None:
        """Send what waits."""
        self.collector.start_upload()
        self.answer({}, 202)


class CheckInHandler(CollectorHandler):
    """`POST /v1/check-in`."""

    async def post(self) -> None:
        """Check in now, and answer when the hosting server has."""
        self.answer(await self.collector.check_in_now())


class ContactHandler(CollectorHandler):
    """`POST /v1/contact`."""

    def post(self) -> None:
        """Answer whether this process gets to the hosting server."""
        self.answer(self.collector.contact())


class ReloadHandler(CollectorHandler):
    """`POST /v1/reload`."""

    async def post(self) -> None:
        """Read the settings again."""
        await self.collector.reload()
        self.answer({})


class DefinitionsHandler(CollectorHandler):
    """`GET /v1/definitions`."""

    def get(self) -> None:
        """Answer what definitions that do not come with the program ask of which devices."""
        self.answer(self.collector.definitions())


class TrialHandler(CollectorHandler):
    """`POST /v1/trial`."""

    async def post(self) -> None:
        """Read a few known devices by what is in force, and answer what came of it."""
        self.answer(await self.collector.try_known())


class EnrolHandler(CollectorHandler):
    """`POST /v1/enrol`."""

    async def post(self) -> None:
        """Enrol at the hosting server."""
        authority = self.text_field("authority") if "authority" in self.body() else ""
        by: By = "page" if self.get_query_argument("by", "") == "page" else "command"
        self.answer(await self.collector.enrol(self.text_field("enrolment"), by, authority))


def control_application(collector: Collector) -> Application:
    """Return the application that `appliance.process.control` serves at `collector.sock`."""
    routes = (
        ("/v1/status", StatusHandler),
        ("/v1/health", HealthHandler),
        ("/v1/traffic", TrafficHandler),
        ("/v1/scan", ScanHandler),
        ("/v1/found", FoundHandler),
        ("/v1/found/look", LookHandler),
        ("/v1/scan/cancel", CancelHandler),
        ("/v1/scan/events", EventsHandler),
        ("/v1/upload", UploadHandler),
        ("/v1/check-in", CheckInHandler),
        ("/v1/contact", ContactHandler),
        ("/v1/reload", ReloadHandler),
        ("/v1/trial", TrialHandler),
        ("/v1/definitions", DefinitionsHandler),
        ("/v1/enrol", EnrolHandler),
    )
    return Application([(path, handler, {"collector": collector}) for path, handler in routes], log_function=_log_faults)


def _log_faults(handler: RequestHandler) -> None:
    """Log only what nobody expected: to be told why something cannot be done now is an answer."""
    if handler.get_status() >= 500:
        log.error("a call of the control socket failed", path=handler.request.path, status=handler.get_status())
