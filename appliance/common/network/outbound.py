"""What all clients of outside servers share: certificate authorities, the login at a web proxy, and how to read their errors."""

import base64
import ssl
from collections.abc import Iterator
from typing import TypeVar
from urllib.parse import urlsplit

import certifi
import urllib3

from appliance.common.errors import SettingsError

Cause = TypeVar("Cause", bound=BaseException)
Context = TypeVar("Context", bound=ssl.SSLContext)


def prepare_context(context: Context, *, ca_file: str = "", verify: bool = True) -> Context:
    """Return the client context with the public authorities and the site's own one, unless checking was switched off.

    Raises SettingsError naming `hosting.ca_file` when that file cannot be used.
    """
    context.load_verify_locations(certifi.where())
    # As Python's default context since 3.13, but that one refuses authorities that lack what RFC 5280 wants of them, as many of
    # companies do.
    context.verify_flags |= ssl.VERIFY_X509_TRUSTED_FIRST | ssl.VERIFY_X509_PARTIAL_CHAIN
    if ca_file:
        try:
            context.load_verify_locations(ca_file)
        except ssl.SSLError as error:
            raise SettingsError(
                f"hosting.ca_file (DCA_HOSTING_CA_FILE) names {ca_file}, which holds no certificate in PEM form."
            ) from error
        except OSError as error:
            raise SettingsError(
                f"hosting.ca_file (DCA_HOSTING_CA_FILE) names {ca_file}, which cannot be read: {error.strerror}."
            ) from error
    if not verify:
        # The appliance shows a warning of its own for as long as this is so, not one line for each request.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def proxy_headers(proxy: str, user: str, password: str) -> dict[str, str]:
    """Return what is sent to the proxy alone. Raises SettingsError when `proxy` is no web address."""
    if urlsplit(proxy).scheme not in ("http", "https") or not urlsplit(proxy).hostname:
        raise SettingsError("hosting.proxy (DCA_PROXY) is no web address. Write http://NAME:PORT.")
    if not (user or password):
        return {}
    # RFC 7617: user and password in UTF-8.
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Proxy-Authorization": f"Basic {pair}"}


def server_of(url: str) -> str:
    """Return `NAME:PORT` of a web address, for sentences: without user, password and path."""
    parts = urlsplit(url)
    name = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{name}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def causes_of(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and all it was made of: causes, contexts and wrapped errors, each once."""
    waiting, seen = [error], set()
    while waiting:
        current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        wrapped = [argument for argument in current.args if isinstance(argument, BaseException)]
        waiting += [cause for cause in (current.__cause__, current.__context__, *wrapped) if cause is not None]


def first_of(causes: list[BaseException], kind: type[Cause]) -> Cause | None:
    """Return the first of `causes` that is of this kind."""
    return next((cause for cause in causes if isinstance(cause, kind)), None)


def tunnel_refusal(causes: list[BaseException]) -> str | None:
    """Return the status line with which a proxy refused CONNECT, as http.client words it."""
    for cause in causes:
        _, found, status = str(cause).partition("Tunnel connection failed: ")
        if isinstance(cause, OSError) and found:
            return status.strip()
    return None


def proxy_login(proxy: str) -> str:
    """Return the sentence for a proxy that wants another user or password (407)."""
    return (
        f"The proxy {proxy} wants a user and password, or others than it was given. Set hosting.proxy_user and "
        "hosting.proxy_password (DCA_PROXY_USER, DCA_PROXY_PASSWORD_FILE)."
    )
