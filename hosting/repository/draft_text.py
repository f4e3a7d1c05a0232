"""What a draft says, in lines for the person who signs it. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from appliance.common.clock import to_rfc3339
from appliance.release import Catalogue, ReleaseError, parse_catalogue
from hosting.errors import RepositoryError
from hosting.releases.difference import catalogue_lines
from hosting.repository.drafts import Draft


def describe(draft: Draft) -> list[str]:
    """Return role, version, expiry and keys of a draft, and what is different from what is published. Raises RepositoryError."""
    signed = draft.metadata.signed
    lines = [f"{draft.role}, version {signed.version}, valid until {to_rfc3339(signed.expires)}"]
    shown = draft.contents.after.keys()
    before, after = _facts(draft.before or {}, shown), _facts(signed.to_dict(), shown)
    if draft.before is None:
        return [
            *lines,
            "Nothing of this role is published yet. It says:",
            *(f"  {name}: {text}" for name, text in (after or {"targets": "none"}).items()),
        ]
    lines += [f"Different from version {draft.before['version']}, which is published:"]
    changes = [
        f"  {name}: {before.get(name, 'nothing')} -> {after.get(name, 'nothing')}"
        for name in {**before, **after}
        if before.get(name) != after.get(name)
    ]
    changes += [line for path in shown for line in _catalogue(draft, path)]
    return lines + (changes or ["  only version and expiry"])


def describe_progress(draft: Draft) -> list[str]:
    """Return who has signed, and how many are lacking."""
    lines = []
    for progress in draft.progress():
        signed = ", ".join(keyid[:8] for keyid in progress.signed) or "nobody"
        state = f"{progress.lacking} more needed" if progress.lacking else "enough"
        lines.append(f"  keys of {progress.signers.named_by}: {signed} of {_names(progress.signers.keys)}: {state}")
    return lines


def _catalogue(draft: Draft, path: str) -> list[str]:
    try:
        after = parse_catalogue(draft.contents.after[path].encode())
        text = draft.contents.before.get(path)
        before = Catalogue(after.channel) if text is None else parse_catalogue(text.encode())
    except ReleaseError as error:
        raise RepositoryError(f"The draft signs a catalogue that no site takes. {error} Do not sign it; make it anew.") from error
    return [f"  {line}" for line in catalogue_lines(before, after)]


def _facts(signed: Mapping[str, Any], without: Collection[str]) -> dict[str, str]:
    """Return what metadata says beside version, expiry and the targets shown otherwise, by a name for people."""
    facts = dict(_roles(signed.get("roles", {})))
    delegations = signed.get("delegations") or {}
    for role in delegations.get("roles", ()):
        facts[f"delegation {role['name']}"] = (
            f"{role['threshold']} of {_names(role['keyids'])} for {', '.join(role.get('paths', ()))}"
        )
    for path, target in sorted(signed.get("targets", {}).items()):
        if path in without:
            continue
        facts[f"target {path}"] = f"{target['length']} bytes, sha256 {target['hashes'].get('sha256', 'unknown')}"
    return facts


def _roles(roles: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, role in sorted(roles.items()):
        yield f"keys of {name}", f"{role['threshold']} of {_names(role['keyids'])}"


def _names(keyids: Sequence[str] | Mapping[str, Any]) -> str:
    return ", ".join(keyid[:8] for keyid in sorted(keyids))
