"""What a draft says, in lines for the person who signs it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hosting.clock import to_rfc3339
from hosting.repository.drafts import Draft


def describe(draft: Draft) -> list[str]:
    """Return role, version, expiry and keys of a draft, and what is different from what is published."""
    signed = draft.metadata.signed
    lines = [f"{draft.role}, version {signed.version}, valid until {to_rfc3339(signed.expires)}"]
    before, after = _facts(draft.before or {}), _facts(signed.to_dict())
    if draft.before is None:
        return [*lines, "Nothing of this role is published yet. It says:", *(f"  {name}: {text}" for name, text in after.items())]
    lines += [f"Different from version {draft.before['version']}, which is published:"]
    changes = [
        f"  {name}: {before.get(name, 'nothing')} -> {after.get(name, 'nothing')}"
        for name in {**before, **after}
        if before.get(name) != after.get(name)
    ]
    return lines + (changes or ["  only version and expiry"])


def describe_progress(draft: Draft) -> list[str]:
    """Return who has signed, and how many are lacking."""
    lines = []
    for progress in draft.progress():
        signed = ", ".join(keyid[:8] for keyid in progress.signed) or "nobody"
        state = f"{progress.lacking} more needed" if progress.lacking else "enough"
        lines.append(f"  keys of {progress.signers.named_by}: {signed} of {_names(progress.signers.keys)}: {state}")
    return lines


def _facts(signed: Mapping[str, Any]) -> dict[str, str]:
    """Return what metadata says beside version and expiry, by a name for people."""
    facts = dict(_roles(signed.get("roles", {})))
    delegations = signed.get("delegations") or {}
    for role in delegations.get("roles", ()):
        facts[f"delegation {role['name']}"] = (
            f"{role['threshold']} of {_names(role['keyids'])} for {', '.join(role.get('paths', ()))}"
        )
    for path, target in sorted(signed.get("targets", {}).items()):
        facts[f"target {path}"] = f"{target['length']} bytes, sha256 {target['hashes'].get('sha256', 'unknown')}"
    if signed.get("_type") == "targets" and not facts:
        facts["targets"] = "none"
    return facts


def _roles(roles: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, role in sorted(roles.items()):
        yield f"keys of {name}", f"{role['threshold']} of {_names(role['keyids'])}"


def _names(keyids: Sequence[str] | Mapping[str, Any]) -> str:
    return ", ".join(keyid[:8] for keyid in sorted(keyids))
