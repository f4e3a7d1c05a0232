"""A simulated agent that is asked within the process: what a visit meets in place of a network."""

from appliance.snmp.agent import Version
from appliance.snmp.exchange import Delivery, Exchange
from appliance.snmp.templates import Query, Templates
from simulator.agent import Agent


class _NoDelivery(Delivery):
    """Nothing is delivered here."""

    def __init__(self) -> None:
        self.refused = False
        self.round_trip = 0.001


class DirectExchange(Exchange):
    """Writes requests as the product does and has a simulated agent answer them; what becomes of an answer is for `ask` to say."""

    def __init__(self, agent: Agent, version: Version) -> None:
        super().__init__(version, _NoDelivery())
        self._agent = agent
        self._templates = Templates(capacity=16)

    def _message(self, query: Query) -> tuple[int, bytes]:
        """Return the number of the next request, and the request."""
        request_id = self._templates.next_request_id()
        template = self._templates.get(query._replace(version=self.version, community="public"))
        return request_id, template.message(request_id)

    def _reply(self, message: bytes, seconds: float = 0.0) -> bytes | None:
        """Return what the agent answers when it has been on for `seconds`, None where it is silent."""
        return self._agent.answer(message, seconds)
