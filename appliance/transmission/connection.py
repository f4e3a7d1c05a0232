"""The way to the hosting server: certificates, proxy, time limits; one kept-alive connection."""

import base64
import ssl
from urllib.parse import urlsplit

import certifi
import urllib3

from appliance.errors import SettingsError
from appliance.transmission.counting import ConnectionCounter
from appliance.transmission.resumption import ResumingContext

CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
KEPT_CONNECTIONS = 1
IDLE_SECONDS = 110.0
"""A connection not used for longer is given up: the hosting server closes it after 120 s, and firewalls forget it silently."""


def tls_context(*, ca_file: str = "", verify: bool = True) -> ResumingContext:
    """Return the client context: the public authorities and the site's own one, unless checking was switched off.

    Raises SettingsError naming `hosting.ca_file` when that file cannot be used.
    """
    context = ResumingContext(ssl.PROTOCOL_TLS_CLIENT)
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


def open_pool(
    context: ssl.SSLContext,
    counter: ConnectionCounter,
    *,
    proxy: str = "",
    proxy_user: str = "",
    proxy_password: str = "",
    connect_seconds: float = CONNECT_SECONDS,
    read_seconds: float = READ_SECONDS,
) -> urllib3.PoolManager:
    """Return the pool all requests go through, whose connections `counter` follows.

    `proxy` is a web address, user and password are sent to it alone.

    Raises SettingsError when the proxy cannot be used.
    """
    timeout = urllib3.Timeout(connect=connect_seconds, read=read_seconds)
    if proxy:
        pool = _through_proxy(context, timeout, proxy, proxy_user, proxy_password)
    else:
        pool = urllib3.PoolManager(
            num_pools=KEPT_CONNECTIONS, maxsize=KEPT_CONNECTIONS, block=False, ssl_context=context, timeout=timeout, retries=False
        )
    pool.pool_classes_by_scheme = counter.pools()
    return pool


def _through_proxy(context: ssl.SSLContext, timeout: urllib3.Timeout, proxy: str, user: str, password: str) -> urllib3.PoolManager:
    if urlsplit(proxy).scheme not in ("http", "https") or not urlsplit(proxy).hostname:
        raise SettingsError("hosting.proxy (DCA_PROXY) is no web address. Write http://NAME:PORT.")
    headers = {}
    if user or password:
        # RFC 7617: user and password in UTF-8.
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        headers["Proxy-Authorization"] = f"Basic {pair}"
    return urllib3.ProxyManager(
        proxy,
        num_pools=KEPT_CONNECTIONS,
        maxsize=KEPT_CONNECTIONS,
        block=False,
        proxy_headers=headers,
        proxy_ssl_context=context,
        ssl_context=context,
        timeout=timeout,
        retries=False,
    )
