"""One sentence for each way in which the hosting server cannot be reached. Pure."""

import errno
import http.client
import socket
import ssl
from typing import Final

import urllib3.exceptions as urllib3_errors

from appliance.common.clock import to_rfc3339, utc_now
from appliance.common.errors import HostingError
from appliance.common.message import Message, message_of, sentences
from appliance.common.network.outbound import causes_of, first_of, proxy_login, tunnel_refusal

# OpenSSL's X509_V_ERR_* numbers (openssl-verification-options(1), x509_vfy.h).
_NOT_YET_VALID, _EXPIRED, _OTHER_NAME, _OTHER_ADDRESS = 9, 10, 62, 64
TRIED_AGAIN: Final = Message("It is tried again.")
"""Ends what is said of a trouble that may pass. Only the collector tries again by itself."""


def explain_transport(error: Exception, server: str, proxy: str = "") -> HostingError:
    """Return what `error` of urllib3 means to a person; `server` and `proxy` are `NAME:PORT`, without user and password."""
    causes = list(causes_of(error))
    if isinstance(error, urllib3_errors.ProxyError) or tunnel_refusal(causes):
        return HostingError(_proxy_sentence(causes, proxy))
    if certificate := first_of(causes, ssl.SSLCertVerificationError):
        return HostingError(_certificate_sentence(certificate, server))
    if tls := first_of(causes, ssl.SSLError):
        return HostingError(_tls_sentence(tls, server))
    if isinstance(error, urllib3_errors.NewConnectionError):
        return HostingError(_connection_sentence(causes, Message("hosting server"), server))
    return HostingError(_exchange_sentence(error, causes, server))


def _exchange_sentence(error: Exception, causes: list[BaseException], server: str) -> str:
    if isinstance(error, urllib3_errors.ConnectTimeoutError):
        return Message(
            "The hosting server %(server)s does not answer: no connection in time. Check its address, and "
            "whether a firewall lets this host out.",
            server=server,
        )
    if isinstance(error, urllib3_errors.TimeoutError):
        late = Message("The hosting server %(server)s took the request but did not answer in time.", server=server)
        return sentences(late, TRIED_AGAIN)
    if first_of(causes, http.client.IncompleteRead) or isinstance(error, urllib3_errors.DecodeError):
        return sentences(Message("The answer of the hosting server %(server)s was cut off on its way.", server=server), TRIED_AGAIN)
    if first_of(causes, http.client.BadStatusLine) and not first_of(causes, http.client.RemoteDisconnected):
        return not_hosting(server, Message("it does not speak HTTP"))
    broken_off = Message(
        "The connection to the hosting server %(server)s broke off before its answer came. When it stays so, check whether the "
        "address must begin with https:// or http://.",
        server=server,
    )
    return sentences(broken_off, TRIED_AGAIN)


def not_hosting(server: str, what: str) -> str:
    """Return the sentence for something that answers, but as no hosting server does."""
    return Message(
        "%(server)s is not a DCA hosting server: %(what)s. Check the address in the enrolment string.", server=server, what=what
    )


def unfinished(server: str) -> HostingError:
    """Return the error for an exchange that was ended because it took too long as a whole."""
    return HostingError(
        sentences(Message("The hosting server %(server)s did not finish its answer in time.", server=server), TRIED_AGAIN)
    )


def of_a_single_try(error: HostingError) -> HostingError:
    """Return an error of a request that nobody repeats but the person who asked for it."""
    said = message_of(error)
    if not isinstance(said, Message) or TRIED_AGAIN not in said.values.values():
        return error
    kept = (value for value in said.values.values() if isinstance(value, Message) and value != TRIED_AGAIN)
    return HostingError(sentences(*kept, Message("Try it again.")), retry_after=error.retry_after, code=error.code)


def _connection_sentence(causes: list[BaseException], role: str, server: str) -> str:
    if first_of(causes, socket.gaierror) or first_of(causes, urllib3_errors.NameResolutionError):
        name = server.rpartition(":")[0]
        return Message(
            "The name %(name)s of the %(role)s cannot be resolved. Check the name, and the DNS server this host uses.",
            name=name,
            role=role,
        )
    cause = first_of(causes, OSError)
    number = cause.errno if cause else None
    if number == errno.ECONNREFUSED:
        return Message(
            "The %(role)s %(server)s refuses the connection: nothing listens there. Check address and port, and whether it runs.",
            role=role,
            server=server,
        )
    if number in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN):
        return (
            f"There is no way from this host to the {role} {server}: {cause.strerror if cause else 'no route'}. Check the network."
        )
    return f"The {role} {server} cannot be reached: {cause.strerror if cause and cause.strerror else 'no connection'}."


def _certificate_sentence(error: ssl.SSLCertVerificationError, server: str) -> str:
    code, reason = error.verify_code, error.verify_message
    if code in (_OTHER_NAME, _OTHER_ADDRESS):
        return Message(
            "The certificate of %(server)s is for another name: %(reason)s. Use the name that is in the "
            "certificate, or let the hosting team make a certificate for this one.",
            server=server,
            reason=reason.rstrip("."),
        )
    if code in (_EXPIRED, _NOT_YET_VALID):
        return Message(
            "The certificate of %(server)s is not valid now: %(reason)s. Check this host's clock (it says "
            "%(now)s); when it is right, the hosting team has to renew the certificate.",
            server=server,
            reason=reason,
            now=to_rfc3339(utc_now()),
        )
    return Message(
        "The certificate of %(server)s is not trusted: %(reason)s. If it was issued by an authority of "
        "your own, name the file with that authority's certificate in hosting.ca_file "
        "(DCA_HOSTING_CA_FILE).",
        server=server,
        reason=reason,
    )


def _tls_sentence(error: ssl.SSLError, server: str) -> str:
    if error.reason in (
        "WRONG_VERSION_NUMBER",
        "HTTP_REQUEST",
        "UNKNOWN_PROTOCOL",
        "PACKET_LENGTH_TOO_LONG",
        "RECORD_LAYER_FAILURE",
    ):
        return Message(
            "%(server)s does not speak HTTPS. If it is a hosting server without encryption on purpose, the "
            "address must begin with http://; else check the port.",
            server=server,
        )
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        cut_off = Message(
            "The connection to the hosting server %(server)s was cut off while it was being encrypted.", server=server
        )
        return sentences(cut_off, TRIED_AGAIN)
    return f"No encrypted connection to {server} is possible: {error.reason or 'the TLS handshake failed'}."


def _proxy_sentence(causes: list[BaseException], proxy: str) -> str:
    if refusal := tunnel_refusal(causes):
        if "407" in refusal:
            return proxy_login(proxy)
        return Message(
            "The proxy %(proxy)s will not connect to the hosting server: %(refusal)s. Ask who runs the proxy to allow it.",
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
        "%(trouble)s The setting is hosting.proxy (DCA_PROXY).",
        trouble=_connection_sentence(causes, Message("proxy"), proxy),
    )
