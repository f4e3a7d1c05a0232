"""Credentials in a sweep: users of SNMPv3, ranges, and what is not asked."""

import asyncio
from dataclasses import replace
from itertools import count

import pytest

from appliance.discovery.credentials import Credential
from appliance.discovery.sweep.approach import Asking, RoundTrips, Step, ladder
from appliance.discovery.sweep.sweep import Found, SweepProgress
from appliance.discovery.targets import Ranges
from appliance.snmp.client import SnmpClient
from appliance.snmp.v3.usm import User
from appliance.snmp.values import Tag, Value
from tests.appliance.discovery.sweep.test_sweep import OBJECTS, PATIENCE, PUBLIC, needs_ping, sweep
from tests.appliance.snmp.messages import Asked
from tests.appliance.snmp.responder import Responder, responding
from tests.appliance.snmp.v3_agents import DESCRIPTION, USER, v3_agents

V3 = Credential("reader", "3", user=USER)
WRONG = Credential("wrong", "3", user=replace(USER, auth_passphrase="another passphrase"))


@pytest.mark.parametrize("icmp", [pytest.param(True, marks=needs_ping), False])
def test_an_snmpv3_agent_is_found_by_the_first_user_it_accepts(*, icmp: bool) -> None:
    async def main() -> tuple[list[Found], SweepProgress]:
        progress = SweepProgress()
        async with v3_agents(["127.61.0.5"]) as port, SnmpClient(PATIENCE) as client:
            return await sweep(client, ["127.61.0.1-8"], port, icmp=icmp, credentials=[WRONG, V3], progress=progress), progress

    (found,), progress = asyncio.run(main())
    assert (found.address, found.agent.version, found.credential.name) == ("127.61.0.5", "3", "reader")
    assert found.agent.user == USER
    assert Value(Tag.OCTET_STRING, DESCRIPTION) in found.objects.values()
    assert (progress.asked, progress.found) == (8, 1)


@needs_ping
def test_an_agent_that_refuses_the_user_is_asked_with_the_community() -> None:
    async def main() -> list[Found]:
        async with (
            v3_agents(["127.61.1.5"]) as port,
            responding(OBJECTS, host="127.61.1.6", port=port),
            SnmpClient(PATIENCE) as client,
        ):
            return await sweep(client, ["127.61.1.5-6"], port, credentials=[WRONG, *PUBLIC])

    assert [(each.address, each.credential.name) for each in asyncio.run(main())] == [("127.61.1.6", "default")]


def test_all_users_share_one_request_to_an_address_that_says_nothing() -> None:
    asking = Asking((V3, *PUBLIC, WRONG), 161, icmp=True, probe=((1, 3),))
    assert [(step.version, step.credential.name) for step in asking.steps("10.0.0.1")] == [("3", "reader"), ("2c", "default")]


def test_each_address_is_asked_only_with_the_credentials_that_are_for_it() -> None:
    third = Credential("third floor", "2c", "third", ranges=Ranges(["127.62.3.0/24"]))
    fourth = Credential("fourth floor", "2c", "public", ranges=Ranges(["127.62.4.0/24"]))

    async def main() -> tuple[list[Found], set[str], set[str], SweepProgress]:
        progress = SweepProgress()
        async with (
            responding(OBJECTS, host="127.62.3.9") as one,
            responding(OBJECTS, host="127.62.4.9", port=one.port) as other,
            responding(OBJECTS, host="127.62.5.9", port=one.port) as nobodys,
            SnmpClient(PATIENCE) as client,
        ):
            targets = ["127.62.3.9", "127.62.4.9", "127.62.5.9"]
            found = await sweep(client, targets, one.port, icmp=False, credentials=[third, fourth], progress=progress)
            assert nobodys.asked == []
            return found, {each.community for each in one.asked}, {each.community for each in other.asked}, progress

    found, first, second, progress = asyncio.run(main())
    assert [(each.address, each.credential.name) for each in found] == [("127.62.4.9", "fourth floor")]
    assert (first, second) == ({"third"}, {"public"})
    assert progress.trouble == {"no SNMP credential is for its address (snmp.credentials)": 1}


@needs_ping
def test_a_slow_answer_is_not_lost_to_a_short_pause() -> None:
    async def main() -> list[Found]:
        async with responding(OBJECTS, host="127.62.6.9") as slow, SnmpClient(replace(PATIENCE, timeout=2.0)) as client:
            loop, sent = asyncio.get_running_loop(), slow.rule
            first = count()

            def late(data: bytes) -> None:
                assert slow.transport is not None
                slow.transport.sendto(data, slow.senders[0])

            def answer(responder: Responder, request: Asked) -> list[bytes]:
                # Only the first request is answered, and that after the second has left.
                if next(first) == 0:
                    loop.call_later(1.4, late, sent(request))
                return []

            slow._answer = answer
            return await sweep(client, ["127.62.6.9"], slow.port)

    assert [each.agent.version for each in asyncio.run(main())] == ["2c"]


def test_snmpv1_comes_right_after_the_first_silence() -> None:
    steps = [Step(PUBLIC[0], "2c"), Step(Credential("old", "1", "legacy"), "1")]
    assert [(step.version, step.credential.community, whole) for step, whole in ladder(steps)] == [
        ("2c", "public", True),
        ("1", "public", False),
        ("1", "legacy", False),
        ("2c", "public", False),
        ("1", "legacy", False),
    ]


def test_pauses_follow_how_fast_answers_come() -> None:
    trips = RoundTrips()
    assert trips.pause(2.0) == 1.0
    for _ in range(20):
        trips.note(0.01)
    assert trips.pause(2.0) == 0.5
    for _ in range(20):
        trips.note(0.9)
    assert 0.9 < trips.pause(2.0) <= 2.0
    assert trips.pause(0.3) == 0.3


def test_a_user_and_a_community_do_not_show() -> None:
    shown = f"{V3!r} {PUBLIC[0]!r} {Asking((V3, *PUBLIC), 161, icmp=True, probe=())!r}"
    assert USER.auth_passphrase not in shown
    assert "public" not in shown
    assert isinstance(V3.user, User)
