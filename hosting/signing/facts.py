"""Everything that metadata of an offline role says, as facts by a name for people, so that no difference can stay unseen. Pure."""

import json
from collections.abc import Iterator, Mapping
from typing import Any


def facts_of(signed: Mapping[str, Any]) -> dict[str, str]:
    """Return what metadata says beside version and expiry: who signs what in words, all else by the name of its field."""
    left = {name: value for name, value in signed.items() if name not in ("version", "expires")}
    targets = left.pop("targets", {})
    found = [*_roles(left), *_delegations(left), *((f"target {path}", _target(info)) for path, info in sorted(targets.items()))]
    found += [(f"field {name}", _json(value)) for name, value in sorted(left.items())]
    facts = dict(found)
    assert len(facts) == len(found), "two facts of one name would hide one another"
    return facts


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Yield one line for each fact that is different."""
    old, new = facts_of(before), facts_of(after)
    for name in {**old, **new}:
        if old.get(name) != new.get(name):
            yield f"{name}: {old.get(name, 'nothing')} -> {new.get(name, 'nothing')}"


def _roles(left: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Take out the roles of a root and its keys."""
    for name, role in sorted(left.pop("roles", {}).items()):
        yield f"keys of {name}", _signers(role) + _rest(role, "keyids", "threshold")
    yield from _keys(left.pop("keys", {}))


def _delegations(left: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Take out what targets delegate, and to which keys."""
    delegations = dict(left.pop("delegations", None) or {})
    for role in delegations.pop("roles", ()):
        rest = _rest(role, "name", "keyids", "threshold", "paths")
        yield f"delegation {role['name']}", f"{_signers(role)} for {', '.join(role.get('paths', ()))}{rest}"
    yield from _keys(delegations.pop("keys", {}))
    for name, value in sorted(delegations.items()):
        yield f"delegations.{name}", _json(value)


def _keys(keys: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for keyid, key in sorted(keys.items()):
        yield f"key {keyid}", _json(key)


def _signers(role: Mapping[str, Any]) -> str:
    return f"{role['threshold']} of {', '.join(sorted(role['keyids']))}"


def _target(info: Mapping[str, Any]) -> str:
    hashes = ", ".join(f"{name} {value}" for name, value in sorted(info["hashes"].items()))
    return f"{info['length']} bytes, {hashes}{_rest(info, 'length', 'hashes')}"


def _rest(value: Mapping[str, Any], *told: str) -> str:
    """Return what else there is, beside the fields that are told in words."""
    more = {name: field for name, field in value.items() if name not in told}
    return f" {_json(more)}" if more else ""


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
