"""One sentence for each way in which a file of the repository is not fetched. Pure."""

import errno
import http.client
import socket
import ssl

import urllib3.exceptions as urllib3_errors

from appliance.common.clock import to_rfc3339, utc_now
from appliance.common.outbound import causes_of, first_of, proxy_login, server_of, tunnel_refusal
from updater.errors import FetchError, Reason

# OpenSSL's X509_V_ERR_* numbers (openssl-verification-options(1), x509_vfy.h).
_NOT_YET_VALID, _EXPIRED = 9, 10


def explain(error: Exception, url: str, proxy: str = "") -> FetchError:
    """Return what `error` of urllib3 means to a person; `proxy` is `NAME:PORT`."""
    if isinstance(error, urllib3_errors.LocationValueError):
        return no_address(url)
    return FetchError(Reason.UNREACHABLE, _sentence(error, url, proxy), file=_file(url))


def no_address(url: str) -> FetchError:
    """Return the error of something that cannot be asked for over HTTP."""
    return FetchError(
        Reason.UNREACHABLE,
        f"{url or 'Nothing'} is no web address of a repository. Write https://NAME[:PORT]/PATH.",
        file=_file(url),
    )


def explain_answer(status: int, url: str, proxy: str = "") -> FetchError:
    """Return what an answer with this HTTP status means, which is not 200."""
    what = f"{_file(url)} was not fetched: the server {server_of(url)} answered with HTTP status {status}"
    if status == 407 and proxy:
        what = proxy_login(proxy)
    elif status in (301, 302, 303, 307, 308):
        what += ", a redirect, which is not followed. Use the address that the repository has itself."
    elif status in (404, 410):
        what += ". Check the address of the repository, or wait until it is published whole."
    elif status in (401, 403):
        what += ". Ask the hosting team to let this site read the repository."
    else:
        what += ". It is tried again at the next check."
    return FetchError(Reason.ANSWER, what, file=_file(url), status=status)


def too_long(url: str, max_bytes: int) -> FetchError:
    """Return the error of a file that is larger than it may be."""
    return FetchError(
        Reason.TOO_LONG,
        f"{_file(url)} of {server_of(url)} is longer than the {max_bytes} bytes it may have, and was not taken. "
        "Ask the hosting team to check what they published.",
        file=_file(url),
    )


def too_slow(url: str, rate: float) -> FetchError:
    """Return the error of a fetch below the minimum rate, in bytes a second."""
    return FetchError(
        Reason.SLOW,
        f"{_file(url)} of {server_of(url)} came with less than {rate:.0f} bytes a second, and was given up. Check the line of this "
        "site; it is tried again at the next check.",
        file=_file(url),
    )


def other_part(url: str) -> FetchError:
    """Return the error of an answer with another part of a file than was asked for."""
    return FetchError(
        Reason.ANSWER,
        f"{server_of(url)} answered with another part of {_file(url)} than was asked for. It is fetched anew from its beginning.",
        file=_file(url),
        status=416,
    )


def cut_off(url: str) -> FetchError:
    """Return the error of a file that ended before its announced length."""
    return FetchError(Reason.UNREACHABLE, _broken(url), file=_file(url))


def _file(url: str) -> str:
    return url.rpartition("/")[2]


def _broken(url: str) -> str:
    return f"{_file(url)} of {server_of(url)} was cut off on its way. It is tried again at the next check."


def _sentence(error: Exception, url: str, proxy: str) -> str:
    causes, server = list(causes_of(error)), server_of(url)
    refusal = tunnel_refusal(causes)
    if isinstance(error, urllib3_errors.ProxyError) or refusal:
        return _proxy_sentence(causes, refusal, proxy)
    if certificate := first_of(causes, ssl.SSLCertVerificationError):
        return _certificate_sentence(certificate, server)
    if tls := first_of(causes, ssl.SSLError):
        return (
            f"No encrypted connection to {server} is possible: {tls.reason or 'the TLS handshake failed'}. Check port and https://."
        )
    if isinstance(error, urllib3_errors.NewConnectionError | urllib3_errors.ConnectTimeoutError):
        return f"{_file(url)} was not fetched. {_connection_sentence(causes, server)}"
    return _exchange_sentence(error, causes, url)


def _exchange_sentence(error: Exception, causes: list[BaseException], url: str) -> str:
    server = server_of(url)
    if isinstance(error, urllib3_errors.TimeoutError):
        return f"{_file(url)} was not fetched: {server} took the request but fell silent. It is tried again at the next check."
    if first_of(causes, http.client.BadStatusLine) and not first_of(causes, http.client.RemoteDisconnected):
        return f"{server} does not speak HTTP. Check the address of the repository."
    return _broken(url)


def _connection_sentence(causes: list[BaseException], server: str) -> str:
    if first_of(causes, socket.gaierror) or first_of(causes, urllib3_errors.NameResolutionError):
        name = server.rpartition(":")[0]
        return f"The name {name} cannot be resolved. Check the name, and the DNS server this host uses."
    if first_of(causes, urllib3_errors.ConnectTimeoutError):
        return f"{server} does not answer. Check the address, and whether a firewall lets this host out."
    cause = first_of(causes, OSError)
    if cause and cause.errno == errno.ECONNREFUSED:
        return f"{server} refuses the connection: nothing listens there. Check address and port."
    return f"There is no connection to {server}: {cause.strerror if cause and cause.strerror else 'unknown'}. Check the network."


def _certificate_sentence(error: ssl.SSLCertVerificationError, server: str) -> str:
    if error.verify_code in (_EXPIRED, _NOT_YET_VALID):
        return (
            f"The certificate of {server} is not valid now: {error.verify_message}. Check this host's clock (it says "
            f"{to_rfc3339(utc_now())}); when it is right, the hosting team has to renew the certificate."
        )
    return (
        f"The certificate of {server} is not trusted: {error.verify_message.rstrip('.')}. If it was issued by an authority of your "
        "own, name the file with that authority's certificate in hosting.ca_file (DCA_HOSTING_CA_FILE)."
    )


def _proxy_sentence(causes: list[BaseException], refusal: str | None, proxy: str) -> str:
    if refusal and "407" in refusal:
        return proxy_login(proxy)
    if refusal:
        return f"The proxy {proxy} will not connect to the repository: {refusal}. Ask who runs the proxy to allow it."
    if certificate := first_of(causes, ssl.SSLCertVerificationError):
        return (
            f"The certificate of the proxy {proxy} is not trusted: {certificate.verify_message}. Name its authority's certificate "
            "in hosting.ca_file (DCA_HOSTING_CA_FILE)."
        )
    if first_of(causes, ssl.SSLError):
        return f"The proxy {proxy} does not speak HTTPS. Write http:// in hosting.proxy (DCA_PROXY)."
    return f"The proxy stands in the way. {_connection_sentence(causes, proxy)} The setting is hosting.proxy (DCA_PROXY)."
