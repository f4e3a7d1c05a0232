"""What a reading tells of the credential it was made with: its kind, never the secret, nor its name. Pure."""

from typing import Final

from appliance.common.default_communities import is_default
from appliance.discovery.credentials import Credential
from appliance.report import Access, SnmpAccess
from appliance.report.model import SecurityLevelName
from appliance.snmp.agent import Version
from appliance.snmp.v3.usm import SecurityLevel

_LEVELS: Final[dict[SecurityLevel, SecurityLevelName]] = {1: "noAuthNoPriv", 2: "authNoPriv", 3: "authPriv"}


def access_by(credential: Credential, version: Version) -> Access:
    """Return how a device was read that has let `credential` in, by SNMP of `version`."""
    user = credential.user
    if user is None:
        return Access(snmp=SnmpAccess(version=version, credential="community", default=is_default(credential.community)))
    auth, priv = (None if protocol == "none" else protocol for protocol in (user.auth_protocol, user.priv_protocol))
    return Access(
        snmp=SnmpAccess(version="3", credential="user", level=_LEVELS[user.level], auth_protocol=auth, priv_protocol=priv)
    )
