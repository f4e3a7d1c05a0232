"""With which kind of credential, and how well protected, a device was read, in words. Pure."""

from appliance.common.message import Message
from appliance.report.model import Access, SnmpAccess

PLAIN = "http"
"""What stands for a connection without TLS."""


def access_words(access: Access | None) -> list[Message]:
    """Return how a device was read, one phrase a protocol; none where that is not told."""
    if access is None:
        return []
    said = [_snmp(access.snmp)] if access.snmp else []
    for way, plain, secured in (
        (access.ipp, Message("IPP, not encrypted"), Message("IPP over %(tls)s", tls=access.ipp)),
        (access.http, Message("HTTP, not encrypted"), Message("HTTP over %(tls)s", tls=access.http)),
    ):
        if way:
            said.append(plain if way == PLAIN else secured)
    return said


def _snmp(snmp: SnmpAccess) -> Message:
    if snmp.credential == "community":
        if snmp.default:
            return Message("SNMP %(version)s with a community that everybody knows", version=snmp.version)
        return Message("SNMP %(version)s with a community", version=snmp.version)
    protocols = " + ".join(filter(None, (snmp.auth_protocol, snmp.priv_protocol)))
    if protocols:
        return Message("SNMP %(version)s, %(level)s (%(protocols)s)", version=snmp.version, level=snmp.level, protocols=protocols)
    return Message("SNMP %(version)s, %(level)s", version=snmp.version, level=snmp.level)
