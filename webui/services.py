"""What the handlers work with, put together once at the start."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Literal

from appliance.common.network.forwarded import TrustedProxies
from appliance.common.paths import Paths
from appliance.settings.store import SettingsStore
from appliance.store.reader import Reader
from web.hosts import HostCheck
from web.login_budget import LoginBudget
from web.proxies import Proxies
from webui.accounts import Accounts
from webui.components import Components
from webui.sessions import Sessions
from webui.setup_token import SetupToken

NoticeKind = Literal["ok", "info", "warn", "bad"]
SESSIONS_WITH_NOTICES = 100


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence shown once, at the top of the next page."""

    kind: NoticeKind
    text: str


class Notices:
    """Notices waiting for the next page of a session."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, list[Notice]] = OrderedDict()

    def add(self, session_key: str, notice: Notice) -> None:
        """Show `notice` on the next page of the session."""
        self._waiting.setdefault(session_key, []).append(notice)
        while len(self._waiting) > SESSIONS_WITH_NOTICES:
            self._waiting.popitem(last=False)

    def take(self, session_key: str) -> list[Notice]:
        """Return the notices of the session and forget them."""
        return self._waiting.pop(session_key, [])


@dataclass(slots=True)
class Services:
    """The parts of the web UI."""

    paths: Paths
    store: SettingsStore
    reader: Reader
    components: Components
    accounts: Accounts
    sessions: Sessions
    hosts: HostCheck
    proxies: Proxies
    base_path: str = ""
    logins: LoginBudget = field(default_factory=LoginBudget)
    setup_token: SetupToken = field(default_factory=SetupToken)
    notices: Notices = field(default_factory=Notices)
    open_streams: int = 0
    taking_bundle: bool = False
    """Whether a bundle is being uploaded: there is one place for it."""


def make_services(paths: Paths, store: SettingsStore) -> Services:
    """Return the services of the appliance at `paths`. Raises SettingsError when its settings cannot be used."""
    web = store.effective().settings.web
    return Services(
        paths=paths,
        store=store,
        reader=Reader(paths.readings),
        components=Components(paths),
        accounts=Accounts(store),
        sessions=Sessions(store),
        hosts=HostCheck(web.allowed_hosts),
        proxies=Proxies(TrustedProxies.parse(web.trusted_proxies), "DCA_TRUSTED_PROXIES"),
        base_path=web.base_path,
    )
