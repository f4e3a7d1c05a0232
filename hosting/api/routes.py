"""The addresses of the API and of the TUF repository."""

from tornado.web import RequestHandler

from hosting.api.base import UnknownHandler
from hosting.api.check_in import CheckInHandler
from hosting.api.fleet import DevicesHandler, MetersHandler, NewestMetersHandler, SitesHandler
from hosting.api.metrics import MetricsHandler
from hosting.api.openapi import OpenApiHandler
from hosting.api.probes import LiveHandler, ReadyHandler
from hosting.api.sites import EnrolHandler, ReadingsHandler, SupportBundleHandler
from hosting.api.tuf import TufHandler

API_ROUTES: list[tuple[str, type[RequestHandler]]] = [
    (r"/livez", LiveHandler),
    (r"/(?:readyz|healthz)", ReadyHandler),
    (r"/metrics", MetricsHandler),
    (r"/api/v1/enrol", EnrolHandler),
    (r"/api/v1/checkin", CheckInHandler),
    (r"/api/v1/readings", ReadingsHandler),
    (r"/api/v1/support-bundle", SupportBundleHandler),
    (r"/api/v1/sites", SitesHandler),
    (r"/api/v1/devices", DevicesHandler),
    (r"/api/v1/meters", MetersHandler),
    (r"/api/v1/meters/newest", NewestMetersHandler),
    (r"/api/v1/openapi\.json", OpenApiHandler),
    (r"/api(?:/.*)?", UnknownHandler),
    (r"/tuf(?:/.*)?", TufHandler),
]
