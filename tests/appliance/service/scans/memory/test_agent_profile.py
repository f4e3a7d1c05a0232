"""What visits learn about agents survives a restart, and nothing else does."""

import json

from appliance.common.clock import utc_now
from appliance.common.log import SECRET_NAMES
from appliance.service.scans.devices import DeviceAnswer
from appliance.service.scans.memory.agent_profile import profile_json, profile_of
from appliance.snmp.client import Agent, AgentProfile
from tests.appliance.snmp.v3_agents import USER
from tests.appliance.store.samples import sample

LEARNED = AgentProfile(
    version="3",
    bulk=False,
    bulk_silences=1,
    max_repetitions=4,
    max_varbinds=16,
    rows={(1, 3, 6, 1, 2, 1, 43, 11, 1, 1): 6},
)


def answer(profile: AgentProfile) -> DeviceAnswer:
    return DeviceAnswer(sample(), Agent("192.0.2.7", version="3", user=USER), "third floor", profile)


def test_everything_learned_comes_back() -> None:
    kept = json.loads(json.dumps(profile_json(answer(LEARNED))))
    assert profile_of(kept) == LEARNED
    assert kept["credential"] == "third floor"


def test_no_secret_is_kept() -> None:
    kept = profile_json(answer(LEARNED))
    text = json.dumps(kept)
    assert USER.auth_passphrase not in text
    assert USER.priv_passphrase not in text
    assert not any(word in name for name in kept for word in SECRET_NAMES)


def test_what_makes_no_sense_was_never_learned() -> None:
    broken = {
        "version": "4",
        "bulk": "maybe",
        "max_repetitions": -1,
        "max_varbinds": True,
        "rows": {"printers": 3, "1.3": "many"},
        "learned_at": "yesterday",
    }
    profile = profile_of(broken)
    assert (profile.version, profile.bulk, profile.max_repetitions, profile.rows) == (None, True, None, {})
    assert profile.max_varbinds == AgentProfile().max_varbinds
    assert (utc_now() - profile.learned_at).total_seconds() < 60
