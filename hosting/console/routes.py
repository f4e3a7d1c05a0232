"""The addresses of the console and the settings its pages need."""

from pathlib import Path
from typing import Any

from tornado.web import RequestHandler

from hosting.config import Config
from hosting.console import modules
from hosting.console.base import ConsoleHandler, UnknownPage
from hosting.console.configuration import ConfigurationPage, EditPage
from hosting.console.devices import DevicePage, DevicesPage
from hosting.console.enrolment import EnrolmentPage
from hosting.console.jobs import JobsPage
from hosting.console.releases import ReleasesPage, RolloutPage
from hosting.console.removal import KeepDevice, KeepSite, RemoveDevice, RemoveSite, RenameSite
from hosting.console.repository import RepositoryPage
from hosting.console.session import LoginHandler, LogoutHandler
from hosting.console.site import (
    Activate,
    Admit,
    AskBundle,
    BundleFile,
    CheckNow,
    Deactivate,
    Expiry,
    Revoke,
    ScanNow,
    SiteGroup,
    SitePage,
)
from hosting.console.sites import SitesPage
from hosting.console.tokens import RevokeToken, TokensPage

ROOM = Path(__file__).parent
SITE = BUNDLE = r"([0-9a-f-]{36})"
CHANNEL = r"([a-z0-9][a-z0-9-]{0,31})"
GROUP = r"([a-z0-9][a-z0-9-]{0,62})"


class FirstPage(ConsoleHandler):
    """`/`."""

    def get(self) -> None:
        """Go to the sites."""
        self.redirect(self.url("/sites"))


CONSOLE_ROUTES: list[tuple[str, type[RequestHandler]]] = [
    (r"/", FirstPage),
    (r"/login", LoginHandler),
    (r"/logout", LogoutHandler),
    (r"/sites", SitesPage),
    (rf"/sites/{SITE}", SitePage),
    (rf"/sites/{SITE}/scan", ScanNow),
    (rf"/sites/{SITE}/revoke", Revoke),
    (rf"/sites/{SITE}/check", CheckNow),
    (rf"/sites/{SITE}/bundle", AskBundle),
    (rf"/sites/{SITE}/bundles/{BUNDLE}", BundleFile),
    (rf"/sites/{SITE}/admit", Admit),
    (rf"/sites/{SITE}/deactivate", Deactivate),
    (rf"/sites/{SITE}/activate", Activate),
    (rf"/sites/{SITE}/expiry", Expiry),
    (rf"/sites/{SITE}/group", SiteGroup),
    (rf"/sites/{SITE}/rename", RenameSite),
    (rf"/sites/{SITE}/remove", RemoveSite),
    (rf"/sites/{SITE}/keep", KeepSite),
    (r"/devices", DevicesPage),
    (r"/device", DevicePage),
    (r"/device/remove", RemoveDevice),
    (r"/device/keep", KeepDevice),
    (r"/configuration", ConfigurationPage),
    (r"/configuration/(global)", EditPage),
    (rf"/configuration/(group)/{GROUP}", EditPage),
    (rf"/configuration/(site)/{SITE}", EditPage),
    (r"/releases", ReleasesPage),
    (rf"/releases/{CHANNEL}/(all)", RolloutPage),
    (rf"/releases/{CHANNEL}/(group)/{GROUP}", RolloutPage),
    (rf"/releases/{CHANNEL}/(site)/{SITE}", RolloutPage),
    (r"/enrolment", EnrolmentPage),
    (r"/repository", RepositoryPage),
    (r"/jobs", JobsPage),
    (r"/tokens", TokensPage),
    (r"/tokens/revoke", RevokeToken),
]


def console_settings(config: Config) -> dict[str, Any]:
    """Return the settings of the application that are for the console."""
    return {
        "template_path": str(ROOM / "templates"),
        "static_path": str(ROOM / "static"),
        "default_handler_class": UnknownPage,
        "autoescape": "escape_shown",
        "ui_modules": modules,
        "xsrf_cookie_name": "_dca_hosting_xsrf",
        "trusted_origins": [url.removesuffix(config.base_path) for url in config.public_urls],
    }
