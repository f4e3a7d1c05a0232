"""The way to the hosting server: certificates, proxy, time limits; one kept-alive connection."""

import ssl

import urllib3

from appliance.common.outbound import prepare_context, proxy_headers
from appliance.transmission.connection_meter import ConnectionCounter
from appliance.transmission.tls_sessions import ResumingContext

CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
KEPT_CONNECTIONS = 1
IDLE_SECONDS = 110.0
"""A connection not used for longer is given up: the hosting server closes it after 120 s, and firewalls forget it silently."""


def tls_context(*, ca_file: str = "", verify: bool = True) -> ResumingContext:
    """Return the client context: the public authorities and the site's own one, unless checking was switched off.

    Raises SettingsError naming `hosting.ca_file` when that file cannot be used.
    """
    return prepare_context(ResumingContext(ssl.PROTOCOL_TLS_CLIENT), ca_file=ca_file, verify=verify)


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
    return urllib3.ProxyManager(
        proxy,
        num_pools=KEPT_CONNECTIONS,
        maxsize=KEPT_CONNECTIONS,
        block=False,
        proxy_headers=proxy_headers(proxy, user, password),
        proxy_ssl_context=context,
        ssl_context=context,
        timeout=timeout,
        retries=False,
    )
