"""What is kept beside a device for the next visit: how it was reached, and what its agent can bear. No secret is among it."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from appliance.common.clock import from_rfc3339, to_rfc3339
from appliance.service.scans.devices import DeviceAnswer
from appliance.snmp.agent import AgentProfile
from appliance.snmp.values import Oid, format_oid, parse_oid

_ASKED_AT = "snmp_asked_at"
"""In what is kept of a device that is read by IPP: when SNMP was asked in vain."""


def profile_json(answer: DeviceAnswer) -> Mapping[str, Any]:
    """Return it as JSON."""
    agent, learned = answer.agent, answer.profile
    if answer.uri:
        return {"address": answer.uri, "scan": answer.scan}
    if answer.snmp_asked_at:
        return {"address": agent.address, "port": agent.port, _ASKED_AT: to_rfc3339(answer.snmp_asked_at)}
    return {
        "address": agent.address,
        "port": agent.port,
        "version": learned.version or agent.version,
        "credential": answer.credential,
        "scan": answer.scan,
        "bulk": learned.bulk,
        "bulk_silences": learned.bulk_silences,
        "max_repetitions": learned.max_repetitions,
        "max_varbinds": learned.max_varbinds,
        "faults": [format_oid(oid) for oid in sorted(learned.faults)],
        "undecodable": [format_oid(oid) for oid in sorted(learned.undecodable)],
        "rows": {format_oid(table): rows for table, rows in sorted(learned.rows.items())},
        "learned_at": to_rfc3339(learned.learned_at),
    }


def profile_of(agent: Mapping[str, Any]) -> AgentProfile:
    """Return what earlier visits have learned about an agent; where what was kept makes no sense, it was learned by none."""
    profile = AgentProfile(bulk=agent.get("bulk") is not False)
    if agent.get("version") in ("1", "2c", "3"):
        profile.version = agent["version"]
    profile.bulk_silences = _count(agent.get("bulk_silences")) or 0
    profile.max_repetitions = _count(agent.get("max_repetitions"))
    profile.max_varbinds = _count(agent.get("max_varbinds")) or profile.max_varbinds
    rows = agent.get("rows")
    if isinstance(rows, Mapping):
        profile.rows = dict(_rows(rows))
    profile.faults = _oids(agent.get("faults"))
    profile.undecodable = _oids(agent.get("undecodable"))
    with suppress(KeyError, ValueError):
        profile.learned_at = from_rfc3339(str(agent["learned_at"]))
    return profile


def _oids(kept: object) -> set[Oid]:
    found = set()
    for text in kept if isinstance(kept, list) else ():
        with suppress(ValueError):
            found.add(parse_oid(str(text)))
    return found


def snmp_asked_at(agent: Mapping[str, Any]) -> datetime | None:
    """Return when a device that is read by IPP was last asked over SNMP in vain; None of a device that is read over SNMP."""
    if _ASKED_AT not in agent:
        return None
    with suppress(ValueError):
        return from_rfc3339(str(agent[_ASKED_AT]))
    return datetime.min.replace(tzinfo=UTC)


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _rows(kept: Mapping[str, Any]) -> list[tuple[tuple[int, ...], int]]:
    found = []
    for table, rows in kept.items():
        try:
            oid = parse_oid(str(table))
        except ValueError:
            continue
        if isinstance(rows, int) and not isinstance(rows, bool) and rows >= 0:
            found.append((oid, rows))
    return found
