"""Why a device was silent, in words that say what to check. Pure."""

from appliance.common.message import Message
from appliance.service.scans.devices import Known


def why_silent(device: Known, reason: str, *, pinged: bool) -> str:
    """Return `reason`, or a better one when the device answers a ping: then it is on, and the credentials or SNMP are not."""
    if not pinged:
        return reason
    if device.credential:
        return Message(
            "%(address)s answers ping, but this time not SNMP on UDP port %(port)s, as it did before with the credential "
            "%(credential)s. Packets may be lost on the way; if it lasts, check that SNMP is still enabled on the device.",
            address=device.address,
            port=device.port,
            credential=device.credential,
        )
    return Message(
        "%(address)s answers ping, but not SNMP with the given credentials on UDP port %(port)s. Check "
        "them (snmp.credentials, --community, --v3-user), the port, and that SNMP is enabled on the "
        "device.",
        address=device.address,
        port=device.port,
    )
