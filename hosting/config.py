"""How one server process is set up: options of the command line, and variables `DCA_HOSTING_*` or `DCA_HOSTING_*_FILE`."""

import ipaddress
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast
from urllib.parse import urlsplit

from appliance.common.files import BYTE_ORDER_MARK
from appliance.common.message import Message
from hosting.errors import ConfigurationError

CHECK_IN_SECONDS, UPLOAD_SECONDS = 50, 60
"""The defaults of `appliance.settings.model.HostingSettings`, which takes too long to load for a command such as `token`."""

RAW_DAYS, MOST_RAW_DAYS = 90, 3650

TRUSTED_PROXIES = "DCA_HOSTING_TRUSTED_PROXIES"
ALLOWED_HOSTS = "DCA_HOSTING_ALLOWED_HOSTS"
METRICS_ALLOW = "DCA_HOSTING_METRICS_ALLOW"
METRICS_TOKEN = "DCA_HOSTING_METRICS_TOKEN"  # noqa: S105 - the name of a variable
TOKEN_CHARACTERS = 16
"""So long is a token of the metrics at least."""
DATABASE_READ_URL = "DCA_HOSTING_DATABASE_READ_URL"

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

PUBLIC_URL = re.compile(r"^https?://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*$")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one request, one site and one address may ask for."""

    body_bytes: int = 10 * 1024 * 1024  # as sent
    decoded_bytes: int = 10 * 1024 * 1024  # after gzip
    bundle_bytes: int = 8 * 1024 * 1024  # a support bundle
    bodies_bytes: int = 64 * 1024 * 1024  # all bodies under way together, as sent
    site_bodies_bytes: int = 16 * 1024 * 1024  # those of one site
    site_burst: int = 120  # requests of one site at once
    site_per_second: float = 2.0  # and what comes back each second
    page_seconds: float = 10.0  # for one statement of a page
    intake_seconds: float = 20.0  # for one statement of what a site sends
    behind_seconds: float = 10.0  # so far behind a standby may be from which pages are read
    failures_burst: int = 20  # refused enrolments and logins of one address
    failures_per_second: float = 1 / 10
    logins_burst: int = 200  # of everybody together
    logins_per_second: float = 2.0


@dataclass(frozen=True, slots=True)
class Config:
    """One server process. `public_urls` are the addresses sites and browsers use where a proxy stands in front.

    Without one, `allowed_hosts` are the names it answers to, beside addresses, `localhost` and the name of its machine.
    """

    folder: Path
    database_url: str | None = field(default=None, repr=False)
    database_read_url: str | None = field(default=None, repr=False)
    public_urls: tuple[str, ...] = ()
    trusted_proxies: tuple[Network, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    metrics_allow: tuple[Network, ...] = ()
    """Who may read the metrics by their address."""
    metrics_token: str | None = field(default=None, repr=False)
    """Who may read them by a token."""
    check_in_seconds: int = CHECK_IN_SECONDS
    upload_seconds: int = UPLOAD_SECONDS
    drain_seconds: int = 0
    """For so long the server still serves after it was told to stop, while it says that it is not ready."""
    slow_statement_ms: int = 1000
    """A statement of the database that takes so long is logged."""
    raw_days: int = RAW_DAYS
    """So many days readings are kept as they came; what each day came to is kept for ten years."""
    limits: Limits = Limits()

    @property
    def repository(self) -> Path:
        """The folder of the TUF repository."""
        return self.folder / "repository"

    @property
    def base_path(self) -> str:
        """The path in front of every page, `/dca` for the public URL `https://mps.example/dca`, else empty."""
        return urlsplit(self.public_urls[0]).path.rstrip("/") if self.public_urls else ""


def read_variable(name: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the value of `name`, or what the file named by `name`_FILE holds, or None. ConfigurationError if both are set."""
    direct, file = environment.get(name, "").removeprefix(BYTE_ORDER_MARK), environment.get(f"{name}_FILE")
    if direct and file:
        raise ConfigurationError(f"{name} and {name}_FILE are both set. Keep one of them.")
    if not file:
        return direct or None
    return read_secret_file(Path(file), f"{name}_FILE")


def read_secret_file(path: Path, source: str) -> str:
    """Return the content of a file without its last line end. Raises ConfigurationError naming `source`."""
    try:
        return path.read_text(encoding="utf-8-sig").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigurationError(f"{source} names {path}, which cannot be read: {reason}.") from error


def data_folder(option: str | None) -> Path:
    """Return the data folder: the option, else DCA_HOSTING_DATA_DIR. Raises ConfigurationError when neither is given."""
    text = option or read_variable("DCA_HOSTING_DATA_DIR")
    if not text:
        raise ConfigurationError("No data folder is named. Give --data DIR or set DCA_HOSTING_DATA_DIR.")
    return Path(text).absolute()


def check_public_url(text: str) -> str:
    """Return the address without a slash at its end. Raises ConfigurationError when it is no web address."""
    url = text.strip().rstrip("/")
    if not PUBLIC_URL.match(url):
        told = Message("%(text)s is no address of a server. Write https://NAME, with :PORT where it is not 443.", text=repr(text))
        raise ConfigurationError(told)
    return url


def make_config(folder: Path, *, public_urls: Iterable[str] = ()) -> Config:
    """Return the configuration of this process. Raises ConfigurationError naming what cannot be used."""
    urls = tuple(public_urls) or _words("DCA_HOSTING_PUBLIC_URL")
    defaults = Config(folder)
    return Config(
        folder,
        database_url=read_variable("DCA_HOSTING_DATABASE_URL"),
        database_read_url=_read_url(),
        public_urls=tuple(check_public_url(url) for url in urls),
        trusted_proxies=_networks(TRUSTED_PROXIES),
        allowed_hosts=_words(ALLOWED_HOSTS),
        metrics_allow=_networks(METRICS_ALLOW),
        metrics_token=_metrics_token(),
        check_in_seconds=_seconds("DCA_HOSTING_CHECK_IN_SECONDS", defaults.check_in_seconds, 5),
        upload_seconds=_seconds("DCA_HOSTING_UPLOAD_SECONDS", defaults.upload_seconds, 1),
        drain_seconds=_number("DCA_HOSTING_DRAIN_SECONDS", defaults.drain_seconds, 0, 300, "seconds"),
        slow_statement_ms=_number("DCA_HOSTING_SLOW_MS", defaults.slow_statement_ms, 1, 600_000, "milliseconds"),
        raw_days=_number("DCA_HOSTING_RAW_DAYS", defaults.raw_days, 2, MOST_RAW_DAYS, "days"),
    )


def _read_url() -> str | None:
    url = read_variable(DATABASE_READ_URL)
    if url and not read_variable("DCA_HOSTING_DATABASE_URL"):
        raise ConfigurationError(f"{DATABASE_READ_URL} is for a standby of PostgreSQL. Set DCA_HOSTING_DATABASE_URL, too.")
    return url


def log_form() -> Literal["json", "text"]:
    """Return how lines of the log are written. Raises ConfigurationError."""
    text = read_variable("DCA_HOSTING_LOG") or "json"
    if text not in ("json", "text"):
        raise ConfigurationError(f"DCA_HOSTING_LOG is {text!r}. Write json or text.")
    return cast(Literal["json", "text"], text)


def _words(name: str) -> tuple[str, ...]:
    return tuple((read_variable(name) or "").replace(",", " ").split())


def _networks(name: str) -> tuple[Network, ...]:
    return tuple(_network(name, word) for word in _words(name))


def _network(name: str, word: str) -> Network:
    try:
        return ipaddress.ip_network(word, strict=False)
    except ValueError as error:
        raise ConfigurationError(f"{name}: {word!r} is no address and no network.") from error


def _metrics_token() -> str | None:
    token = read_variable(METRICS_TOKEN)
    if token is None or re.fullmatch(rf"[\x21-\x7e]{{{TOKEN_CHARACTERS},}}", token):
        return token
    raise ConfigurationError(f"{METRICS_TOKEN}: write at least {TOKEN_CHARACTERS} characters of ASCII, without spaces.")


def _seconds(name: str, default: int, least: int) -> int:
    return _number(name, default, least, 86400, "seconds")


def _number(name: str, default: int, least: int, most: int, what: str) -> int:
    text = read_variable(name)
    if text is None:
        return default
    if not text.isdigit() or not least <= int(text) <= most:
        raise ConfigurationError(f"{name} is {text!r}. Write a number of {what} from {least} to {most}.")
    return int(text)
