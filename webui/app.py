"""The Tornado application and its routes."""

from pathlib import Path

from tornado.web import RequestHandler

from web import translations
from web.application import WebApplication
from webui import modules
from webui.handlers import (
    bundle,
    configuration,
    devices,
    found,
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
from webui.handlers.base import NotFound
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
    (r"/scanning/finding", found.Finding),
    (r"/scanning/found", found.Decide),
    (r"/scanning/look", found.StartLook),
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
    (r"/setup/privacy", setup.Masks),
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


class SiteApplication(WebApplication):
    """The web UI of a site."""

    def __init__(self, services: Services) -> None:
        self.services = services
        translations.load()
        super().__init__(
            ROUTES,
            base_path=services.base_path,
            proxies=services.proxies,
            xsrf_cookie_name="_dca_xsrf",
            server_name="dca",
            template_path=str(ROOM / "templates"),
            static_path=str(STATIC),
            default_handler_class=NotFound,
            ui_modules=modules,
        )
