"""Run on the far side of a test's network: SNMP agents that answer, misbehave, or swallow what they are asked.

Words: `ADDRESS` answers; `ADDRESS=twice` answers each request twice; `ADDRESS=late` after a second, once it was asked again;
`ADDRESS=elsewhere` from another port; `ADDRESS=silent` swallows. The first line written says that all of them listen.
"""

import asyncio
import sys
from contextlib import AsyncExitStack

from appliance.snmp.values import Objects, Oid
from tests.appliance.snmp.messages import Asked, text
from tests.appliance.snmp.responder import Answer, Responder, responding

SYS_OBJECT_ID: Oid = (1, 3, 6, 1, 2, 1, 1, 2, 0)
SERIAL: Oid = (1, 3, 6, 1, 2, 1, 43, 5, 1, 1, 17, 1)
PROBE = (SYS_OBJECT_ID, SERIAL)
OBJECTS: Objects = {SYS_OBJECT_ID: text("id"), SERIAL: text("S1")}
PORT = 161


def twice(responder: Responder, request: Asked) -> list[bytes]:
    return [responder.rule(request)] * 2


def late(responder: Responder, request: Asked) -> list[bytes]:
    assert responder.transport is not None
    asyncio.get_running_loop().call_later(1.0, responder.transport.sendto, responder.rule(request), responder.senders[-1])
    return []


def silent(_responder: Responder, _request: Asked) -> list[bytes]:
    return []


RULES: dict[str, Answer | None] = {"": None, "twice": twice, "late": late, "silent": silent}


async def main(words: list[str]) -> None:
    async with AsyncExitStack() as stack:
        for word in words:
            address, _, rule = word.partition("=")
            if rule == "elsewhere":
                other = await stack.enter_async_context(responding(OBJECTS, host=address, port=PORT + 1))
                await stack.enter_async_context(responding(OBJECTS, _from(other), host=address, port=PORT))
            else:
                await stack.enter_async_context(responding(OBJECTS, RULES[rule], host=address, port=PORT))
        print("listening", flush=True)
        await asyncio.Event().wait()


def _from(other: Responder) -> Answer:
    def answer(responder: Responder, request: Asked) -> list[bytes]:
        assert other.transport is not None
        other.transport.sendto(responder.rule(request), responder.senders[-1])
        return []

    return answer


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
