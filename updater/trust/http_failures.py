"""One sentence for each way in which a file of the repository is not fetched. Pure."""

import errno
import http.client
import socket
import ssl

import urllib3.exceptions as urllib3_errors

from appliance.common.clock import to_rfc3339, utc_now
from appliance.common.message import Message
from appliance.common.network.outbound import causes_of, first_of, proxy_login, server_of, tunnel_refusal
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
        Message("%(url)s is no web address of a repository. Write https://NAME[:PORT]/PATH.", url=url or "Nothing"),
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
        Message(
            "%(file)s of %(server)s is longer than the %(max_bytes)s bytes it may have, and was not "
            "taken. Ask the hosting team to check what they published.",
            file=_file(url),
            server=server_of(url),
            max_bytes=max_bytes,
        ),
        file=_file(url),
    )


def too_slow(url: str, rate: float) -> FetchError:
    """Return the error of a fetch below the minimum rate, in bytes a second."""
    return FetchError(
        Reason.SLOW,
        Message(
            "%(file)s of %(server)s came with less than %(rate)s bytes a second, and was given up. Check "
            "the line of this site; it is tried again at the next check.",
            file=_file(url),
            server=server_of(url),
            rate=round(rate),
        ),
        file=_file(url),
    )


def other_part(url: str) -> FetchError:
    """Return the error of an answer with another part of a file than was asked for."""
    return FetchError(
        Reason.ANSWER,
        Message(
            "%(server)s answered with another part of %(file)s than was asked for. It is fetched anew from its beginning.",
            server=server_of(url),
            file=_file(url),
        ),
        file=_file(url),
        status=416,
    )


def cut_off(url: str) -> FetchError:
    """Return the error of a file that ended before its announced length."""
    return FetchError(Reason.UNREACHABLE, _broken(url), file=_file(url))


def _file(url: str) -> str:
    return url.rpartition("/")[2]


def _broken(url: str) -> str:
    return Message(
        "%(file)s of %(server)s was cut off on its way. It is tried again at the next check.",
        file=_file(url),
        server=server_of(url),
    )


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
        return Message(
            "%(file)s was not fetched: %(server)s took the request but fell silent. It is tried again at the next check.",
            file=_file(url),
            server=server,
        )
    if first_of(causes, http.client.BadStatusLine) and not first_of(causes, http.client.RemoteDisconnected):
        return Message("%(server)s does not speak HTTP. Check the address of the repository.", server=server)
    return _broken(url)


def _connection_sentence(causes: list[BaseException], server: str) -> str:
    if first_of(causes, socket.gaierror) or first_of(causes, urllib3_errors.NameResolutionError):
        name = server.rpartition(":")[0]
        return Message("The name %(name)s cannot be resolved. Check the name, and the DNS server this host uses.", name=name)
    if first_of(causes, urllib3_errors.ConnectTimeoutError):
        return Message("%(server)s does not answer. Check the address, and whether a firewall lets this host out.", server=server)
    cause = first_of(causes, OSError)
    if cause and cause.errno == errno.ECONNREFUSED:
        return Message("%(server)s refuses the connection: nothing listens there. Check address and port.", server=server)
    return Message(
        "There is no connection to %(server)s: %(reason)s. Check the network.",
        server=server,
        reason=cause.strerror if cause and cause.strerror else "unknown",
    )


def _certificate_sentence(error: ssl.SSLCertVerificationError, server: str) -> str:
    if error.verify_code in (_EXPIRED, _NOT_YET_VALID):
        return Message(
            "The certificate of %(server)s is not valid now: %(reason)s. Check this host's clock (it "
            "says %(now)s); when it is right, the hosting team has to renew the certificate.",
            server=server,
            reason=error.verify_message,
            now=to_rfc3339(utc_now()),
        )
    return Message(
        "The certificate of %(server)s is not trusted: %(reason)s. If it was issued by an "
        "authority of your own, name the file with that authority's certificate in hosting.ca_file "
        "(DCA_HOSTING_CA_FILE).",
        server=server,
        reason=error.verify_message.rstrip("."),
    )


def _proxy_sentence(causes: list[BaseException], refusal: str | None, proxy: str) -> str:
    if refusal and "407" in refusal:
        return proxy_login(proxy)
    if refusal:
        return Message(
            "The proxy %(proxy)s will not connect to the repository: %(refusal)s. Ask who runs the proxy to allow it.",
            proxy=proxy,
            refusal=refusal,
        )
    if certificate := first_of(causes, ssl.SSLCertVerificationError):
        return Message(
            "The certificate of the proxy %(proxy)s is not trusted: %(reason)s. Name its authority's "
            "certificate in hosting.ca_file (DCA_HOSTING_CA_FILE).",
            proxy=proxy,
            reason=certificate.verify_message,
        )
    if first_of(causes, ssl.SSLError):
        return Message("The proxy %(proxy)s does not speak HTTPS. Write http:// in hosting.proxy (DCA_PROXY).", proxy=proxy)
    return Message(
        "The proxy stands in the way. %(trouble)s The setting is hosting.proxy (DCA_PROXY).",
        trouble=_connection_sentence(causes, proxy),
    )
