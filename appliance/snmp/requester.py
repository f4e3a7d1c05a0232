"""One request of a visit after the other, in the version that the agent answers."""

from appliance.snmp.agent import Agent, AgentProfile, SnmpOptions, Version
from appliance.snmp.ber import Response
from appliance.snmp.exchange import Exchange, Patience, Stop
from appliance.snmp.templates import Kind, Query
from appliance.snmp.values import Oid


class Requester:
    """Asks one agent; the version it answers is noted in `profile`."""

    def __init__(self, agent: Agent, options: SnmpOptions, exchange: Exchange, profile: AgentProfile) -> None:
        self._agent = agent
        self._options = options
        self._exchange = exchange
        self._profile = profile

    @property
    def version(self) -> Version:
        """Return the SNMP version in use."""
        return self._exchange.version

    async def ask(
        self, kind: Kind, oids: list[Oid], non_repeaters: int = 0, max_repetitions: int = 0, *, patience: Patience | None = None
    ) -> Response:
        """Return the reply to one request; see `Exchange.ask`. Raises Stop."""
        query = Query(self._exchange.version, self._agent.community, kind, tuple(oids), non_repeaters, max_repetitions)
        response = await self._exchange.ask(query, patience)
        self._profile.version = self._exchange.version
        return response

    async def is_alive(self, oid: Oid, *, was_get: bool) -> bool:
        """Return whether the agent answers one small request; one that never answered anything may turn out to speak SNMPv1."""
        versions: list[Version] = []
        if not was_get or self._exchange.answered:
            versions.append(self.version)
        if self.version == "2c" and self._profile.version is None:
            versions.append("1")
        before = self.version
        # One that has answered is there: a lost packet is no sign that it went silent.
        attempts = self._options.retries + 1 if self._exchange.answered else 1
        for version in versions:
            self._exchange.version = version
            try:
                await self.ask(Kind.GET, [oid], patience=Patience(self._options.timeout, attempts))
            except Stop:
                continue
            return True
        self._exchange.version = before
        return False
