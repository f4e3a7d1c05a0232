"""What a check-in tells of the signed configuration."""

from appliance.common.signed_documents import NO_MARKER
from appliance.service.hosting.site_state import configuration_state
from appliance.settings.configuration_state import Configuration, Outcome, Received, ReceivedLayer

LAYER = ReceivedLayer("global", "config/global/all.json", 4, "ab" * 32, {"scan": {"read_minutes": 30}}, signed_by="globalcfg")


def test_a_site_that_received_nothing_says_so() -> None:
    told = configuration_state(Received())
    assert told == {"marker": NO_MARKER, "state": "none", "layers": [], "outcome": None}


def test_what_is_in_force_is_told_by_path_version_and_hash_and_the_last_outcome_in_words() -> None:
    refused = Outcome("2026-11-25T10:00:00Z", "refused", "guardrail", "10.9.0.0/24 lies outside.", (), (("scan.targets", "", "x"),))
    received = Received(
        Configuration((LAYER,), "2026-11-25T09:00:00Z", "aa"),
        (),
        (refused, Outcome("2026-11-25T09:00:00Z", "kept")),
        "bb",
        "refused",
    )
    assert configuration_state(received) == {
        "marker": "bb",
        "state": "refused",
        "layers": [{"path": "config/global/all.json", "version": 4, "sha256": "ab" * 32}],
        "outcome": {
            "at": "2026-11-25T10:00:00Z",
            "what": "refused",
            "reason": "guardrail",
            "text": "10.9.0.0/24 lies outside.",
        },
    }
