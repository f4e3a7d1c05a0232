"""The Tornado application: its routes, and how it finds its place under a base path."""

from pathlib import Path
from typing import Any

from tornado import httputil
from tornado.web import Application, RequestHandler

from web import translations
from webui import modules
from webui.handlers import (
    bundle,
    configuration,
    devices,
    health_and_updates,
    metrics,
    overview,
    probes,
    scanning,
    session,
    settings,
    setup,
    support,
    versions,
)
from webui.handlers.base import NotFound, StaticFiles
from webui.services import Services

ROOM = Path(__file__).parent
STATIC = ROOM / "static"
THEME = STATIC / "vendor" / "theme.css"

ROUTES: list[tuple[str, type[RequestHandler]]] = [
    (r"/", overview.Overview),
    (r"/overview/now", overview.OverviewNow),
    (r"/devices", devices.Devices),
    (r"/devices/([^/]+)", devices.Device),
    (r"/scanning", scanning.Scanning),
    (r"/scanning/ranges", scanning.Ranges),
    (r"/scanning/pace", scanning.Pace),
    (r"/scanning/credentials", scanning.Credentials),
    (r"/scanning/users", scanning.Users),
    (r"/scanning/credentials/change", scanning.ChangeCredential),
    (r"/scan", scanning.StartScan),
    (r"/scan/cancel", scanning.CancelScan),
    (r"/scan/events", scanning.ScanEvents),
    (r"/health", health_and_updates.HealthAndUpdates),
    (r"/health/switches", health_and_updates.Switches),
    (r"/health/configuration", configuration.ConfigurationNow),
    (r"/health/configuration/received", configuration.ConfigurationReceived),
    (r"/health/configuration/check", configuration.CheckConfiguration),
    (r"/health/configuration/back", configuration.GoBack),
    (r"/health/versions", versions.VersionsNow),
    (r"/health/versions/read", versions.VersionsRead),
    (r"/health/versions/install", versions.Install),
    (r"/health/versions/back", versions.RollBack),
    (r"/health/versions/allow", versions.Allow),
    (r"/health/versions/schedule", health_and_updates.Schedule),
    (r"/health/versions/bundle", bundle.UploadBundle),
    (r"/health/support-bundle", support.SupportBundle),
    (r"/health/components/([a-z_-]+)/restart", health_and_updates.Restart),
    (r"/settings", settings.SettingsPage),
    (r"/settings/site", settings.Site),
    (r"/settings/privacy", settings.Privacy),
    (r"/settings/privacy/preview", settings.PrivacyPreview),
    (r"/settings/hosting", settings.Hosting),
    (r"/settings/check-in", settings.CheckIn),
    (r"/settings/guardrails", settings.Guardrails),
    (r"/settings/language", settings.Language),
    (r"/settings/password", settings.Password),
    (r"/settings/sessions/end", settings.EndSessions),
    (r"/setup", setup.Account),
    (r"/setup/hosting", setup.Hosting),
    (r"/setup/devices", setup.Devices),
    (r"/setup/care", setup.Care),
    (r"/setup/scan", setup.FirstScan),
    (r"/login", session.Login),
    (r"/logout", session.Logout),
    (r"/healthz", probes.Alive),
    (r"/readyz", probes.Ready),
    (r"/metrics", metrics.Metrics),
]


class WebApplication(Application):
    """The web UI, at the root of its address and under the base path, whether a proxy takes the prefix off or not."""

    def __init__(self, services: Services) -> None:
        self.services = services
        translations.load()
        super().__init__(
            ROUTES,
            template_path=str(ROOM / "templates"),
            static_path=str(STATIC),
            static_handler_class=StaticFiles,
            default_handler_class=NotFound,
            ui_modules=modules,
            # Cookies are not bound to a port: own names keep this UI apart from other Tornado applications of the host.
            xsrf_cookies=True,
            xsrf_cookie_name="_dca_xsrf",
            cross_origin_protection=True,
            compress_response=True,
        )

    def find_handler(self, request: httputil.HTTPServerRequest, **kwargs: Any) -> Any:
        """Return the handler of the request, the base path taken off its path."""
        base = self.services.base_path
        if base and (request.path == base or request.path.startswith(f"{base}/")):
            request.path = request.path[len(base) :] or "/"
        return super().find_handler(request, **kwargs)
