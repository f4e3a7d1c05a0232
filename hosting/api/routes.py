"""The addresses of the API and of the TUF repository."""

from tornado.web import RequestHandler

from hosting.api.base import UnknownHandler
from hosting.api.check_in import CheckInHandler
from hosting.api.fleet import DevicesHandler, SitesHandler
from hosting.api.probes import LiveHandler, ReadyHandler
from hosting.api.sites import EnrolHandler, ReadingsHandler, SupportBundleHandler
from hosting.api.tuf import TufHandler

API_ROUTES: list[tuple[str, type[RequestHandler]]] = [
    (r"/livez", LiveHandler),
    (r"/(?:readyz|healthz)", ReadyHandler),
    (r"/api/v1/enrol", EnrolHandler),
    (r"/api/v1/checkin", CheckInHandler),
    (r"/api/v1/readings", ReadingsHandler),
    (r"/api/v1/support-bundle", SupportBundleHandler),
    (r"/api/v1/sites", SitesHandler),
    (r"/api/v1/devices", DevicesHandler),
    (r"/api(?:/.*)?", UnknownHandler),
    (r"/tuf(?:/.*)?", TufHandler),
]
