"""Asking over SNMPv3: find out the agent's engine ID and clock, then ask as the user; say what exactly is wrong when that fails.

- An agent that was restarted has another clock: its report brings the new one, and the request is sent once more (RFC 3414
  section 3.2.7).
- An agent that does not understand an encrypted request may keep silent. It is then asked for nothing at all without encryption,
  which tells a wrong secret of privacy from a device that is off.
"""

from typing import Final

from appliance.snmp.ber import Response
from appliance.snmp.exchange import Delivery, Exchange, Patience, Refused, Silence
from appliance.snmp.replies import UNDECODABLE
from appliance.snmp.templates import Kind, Query
from appliance.snmp.v3.user_reply import Reply, UnreadableError
from appliance.snmp.v3.user_security import UserSecurity
from appliance.snmp.v3.usm import DIGEST_BYTES, SecurityLevel, User
from appliance.snmp.values import Oid, format_oid

USM_STATS: Final = (1, 3, 6, 1, 6, 3, 15, 1, 1)
UNSUPPORTED_SECURITY_LEVELS: Final = (*USM_STATS, 1, 0)
NOT_IN_TIME_WINDOWS: Final = (*USM_STATS, 2, 0)
UNKNOWN_USER_NAMES: Final = (*USM_STATS, 3, 0)
UNKNOWN_ENGINE_IDS: Final = (*USM_STATS, 4, 0)
WRONG_DIGESTS: Final = (*USM_STATS, 5, 0)
DECRYPTION_ERRORS: Final = (*USM_STATS, 6, 0)
UNKNOWN_CONTEXTS: Final = frozenset({(1, 3, 6, 1, 6, 3, 12, 1, 4, 0), (1, 3, 6, 1, 6, 3, 12, 1, 5, 0)})
"""snmpUnavailableContexts and snmpUnknownContexts."""

AUTHORIZATION_ERROR: Final = 16
NEW_STARTS: Final = 2
"""How often a request is sent again for the agent's engine ID or clock: devices that share an engine ID upset each other's."""


class UserExchange(Exchange):
    """SNMPv3 with one user."""

    def __init__(self, user: User, delivery: Delivery, security: UserSecurity) -> None:
        super().__init__("3", delivery)
        self._user = user
        self._security = security

    async def ask(self, query: Query, patience: Patience | None = None) -> Response:
        """Return the reply to one request; see `Exchange.ask`."""
        report: Oid | None = None
        for _ in range(1 + NEW_STARTS):
            engine_id = await self._engine_id()
            try:
                reply = await self._request(query, engine_id, self._user.level, patience)
            except Silence:
                if not self.answered and self._user.level == 3:
                    await self._why_silent(engine_id)
                raise
            except UnreadableError as error:
                if not self.answered:
                    raise Refused(self._unreadable(error)) from error
                return Response(3, b"", 0, UNDECODABLE, 0, [])
            if reply.response is not None:
                return self._taken(reply.response)
            report = reply.report
            if report == UNKNOWN_ENGINE_IDS:
                self._security.note_engine_id(self._delivery.destination, None)
            elif report != NOT_IN_TIME_WINDOWS:
                break
        raise Refused(refusal(report, self._user))

    def _taken(self, response: Response) -> Response:
        if response.error_status == AUTHORIZATION_ERROR and not response.error_index:
            raise Refused(
                f"it knows the SNMPv3 user {self._user.name}, but shows it nothing. Check on the device what the user may read, "
                "and with which protection"
            )
        self.answered = True
        return response

    async def _request(self, query: Query, engine_id: bytes, level: SecurityLevel, patience: Patience | None = None) -> Reply:
        """Return the reply to one message. Raises Stop, UnreadableError."""
        message_id = self._next_message_id()
        message = self._security.request(message_id, self._user, engine_id, query, level)
        reply = self._security.read(await self._delivery.deliver(message_id, message, patience), self._user)
        if reply.response is not None and (
            (reply.engine_id, reply.level, reply.user_name) != (engine_id, level, self._user.name.encode())
            or reply.response.request_id != message_id
        ):
            # RFC 3412 section 7.2.12: a response protected less than its request is not one.
            raise UnreadableError("the response does not fit the request")
        return reply

    def _next_message_id(self) -> int:
        message_id = self._security.next_message_id()
        while self._delivery.is_waiting(message_id):
            message_id = self._security.next_message_id()
        return message_id

    async def _engine_id(self) -> bytes:
        """Return the agent's engine ID, asking it for that if need be; its clock comes with the answer. Raises Stop."""
        if self._user.security_engine_id:
            return self._signable(self._user.security_engine_id)
        known = self._security.engine_id(self._delivery.destination)
        if known is None:
            message_id = self._next_message_id()
            data = await self._delivery.deliver(message_id, self._security.discovery(message_id))
            try:
                known = self._security.read(data).engine_id
            except UnreadableError as error:
                raise Refused(self._unreadable(error)) from error
            if not 5 <= len(known) <= 32:
                raise Refused(f"its SNMPv3 engine ID has {len(known)} bytes; 5 to 32 are allowed. Ask it with SNMPv2c")
            self._security.note_engine_id(self._delivery.destination, known)
        return self._signable(known)

    def _signable(self, engine_id: bytes) -> bytes:
        # pysnmp finds the place of the digest by the first run of as many zeros, and the engine ID stands before it.
        digest = DIGEST_BYTES.get(self._user.auth_protocol)
        if digest and bytes(digest) in engine_id:
            raise Refused("its SNMPv3 engine ID holds so many zeros that no digest can be put in. Ask it with SNMPv2c")
        return engine_id

    async def _why_silent(self, engine_id: bytes) -> None:
        """Raise Refused if the agent understands the user as long as nothing is encrypted."""
        nothing = Query("3", "", Kind.GET, ())
        try:
            reply = await self._request(nothing, engine_id, 2)
            if reply.report == NOT_IN_TIME_WINDOWS:
                reply = await self._request(nothing, engine_id, 2)
        except (Silence, UnreadableError):
            return
        report = reply.report if reply.report in (UNKNOWN_USER_NAMES, WRONG_DIGESTS) else DECRYPTION_ERRORS
        raise Refused(refusal(report, self._user))

    def _unreadable(self, error: UnreadableError) -> str:
        return (
            f"its SNMPv3 answer cannot be read as one to the user {self._user.name} ({error}). Check protocols and passphrases in "
            "snmp.credentials and on the device"
        )


def refusal(report: Oid | None, user: User) -> str:
    """Return what the report of an agent means, in words that follow "but"."""
    name, where = user.name, "in snmp.credentials and on the device"
    meanings: dict[Oid | None, str] = {
        UNKNOWN_USER_NAMES: f"it has no SNMPv3 user {name}. Check the user name {where}",
        WRONG_DIGESTS: f"it does not accept how the SNMPv3 user {name} proves itself. Check the authentication passphrase and the "
        f"protocol ({user.auth_protocol}) {where}",
        DECRYPTION_ERRORS: f"it knows the SNMPv3 user {name}, but cannot decrypt what it is asked. Check the privacy passphrase "
        f"and the protocol ({user.priv_protocol}) {where}",
        UNSUPPORTED_SECURITY_LEVELS: f"it does not offer the SNMPv3 user {name} this protection (authentication "
        f"{user.auth_protocol}, privacy {user.priv_protocol}). Check both {where}",
        NOT_IN_TIME_WINDOWS: "its SNMPv3 clock keeps jumping: it finds every request too old. Restart it, or ask it with SNMPv2c",
        UNKNOWN_ENGINE_IDS: "it does not go by its SNMPv3 engine ID. Check security_engine_id in snmp.credentials, where it is set",
    }
    if report in UNKNOWN_CONTEXTS:
        context = f"context {user.context_name!r}" if user.context_name else "context without a name"
        return f"it has no SNMPv3 {context}. Check the context name {where}"
    other = f"it refuses SNMPv3 requests with the report {format_oid(report or ())}. Check the SNMPv3 settings of the device"
    return meanings.get(report, other)
