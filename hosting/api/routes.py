"""The addresses of the API."""

from tornado.web import RequestHandler

from hosting.api.base import UnknownHandler
from hosting.api.fleet import DevicesHandler, HealthHandler, SitesHandler
from hosting.api.sites import CheckInHandler, EnrolHandler, ReadingsHandler


def api_routes(base: str) -> list[tuple[str, type[RequestHandler]]]:
    """Return the routes; `base` is a pattern for what may stand in front of each path."""
    return [
        (rf"{base}/healthz", HealthHandler),
        (rf"{base}/api/v1/enrol", EnrolHandler),
        (rf"{base}/api/v1/checkin", CheckInHandler),
        (rf"{base}/api/v1/readings", ReadingsHandler),
        (rf"{base}/api/v1/sites", SitesHandler),
        (rf"{base}/api/v1/devices", DevicesHandler),
        (rf"{base}/api(?:/.*)?", UnknownHandler),
    ]
