"""Drafts that lie, as whoever holds the whole server can make them: each is a true draft in which something is changed."""

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from securesystemslib.signer import CryptoSigner, Signer
from tuf.api.metadata import Metadata

from appliance.common.key_id import key_id

Value = dict[str, Any]
CATALOGUE = "release/stable.json"


@dataclass(frozen=True)
class Lie:
    """A change of the draft of `role`, and what `sign` and `publish` say to it."""

    name: str
    role: str
    change: Callable[[Value], object]
    said: str
    published: str = ""
    """Empty: the same."""


def key() -> Value:
    """Return a new key of the thief."""
    return CryptoSigner.generate_ed25519().public_key.to_dict()


def signed(value: Value) -> Value:
    found: Value = value["metadata"]["signed"]
    return found


def keys_of(value: Value) -> dict[str, Value]:
    found: dict[str, Value] = signed(value).get("keys") or signed(value)["delegations"]["keys"]
    return found


def put_another_key(value: Value) -> None:
    """Put another key under the id of one that is known."""
    keys = keys_of(value)
    keys[min(keys)] = key()


def spell_a_key_twice(value: Value) -> None:
    """Let one key count twice, in small and in capital letters."""
    keys, role = keys_of(value), signed(value)["roles"]["root"]
    twin = copy.deepcopy(keys[role["keyids"][0]])
    twin["keyval"]["public"] = twin["keyval"]["public"].upper()
    role["keyids"].append(key_id(twin))
    keys[key_id(twin)] = twin


def name_a_key_that_is_not_there(value: Value) -> None:
    signed(value)["roles"]["targets"]["keyids"].append("0" * 64)


def into_both(change: Callable[[Value], object]) -> Callable[[Value], None]:
    """Return the lie that something new is published already: it stands in what is signed and in what it is compared with."""

    def both(value: Value) -> None:
        change(signed(value))
        published = value["published"]
        shown = published["roots"][-1] if value["role"] == "root" else published[value["role"]]
        change(shown["signed"])

    return both


def add_root_key(one: Value) -> None:
    stolen = {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": "ab" * 32}}
    one["keys"][key_id(stolen)] = stolen
    one["roles"]["root"]["keyids"].append(key_id(stolen))


def add_release_key(one: Value) -> None:
    stolen = {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": "ab" * 32}}
    one["delegations"]["keys"][key_id(stolen)] = stolen
    one["delegations"]["roles"][0]["keyids"].append(key_id(stolen))


def add_archive(one: Value) -> None:
    one["targets"]["release/9.9.9-linux-amd64.tar.gz"] = {"length": 1, "hashes": {"sha256": "a" * 64}}


def delegate(to: str, **changes: Any) -> Callable[[Value], None]:
    def change(value: Value) -> None:
        [role] = [one for one in signed(value)["delegations"]["roles"] if one["name"] == to]
        role.update(changes)

    return change


def sign_for(path: str) -> Callable[[Value], None]:
    def change(value: Value) -> None:
        signed(value)["targets"][path] = {"length": 1, "hashes": {"sha256": "a" * 64}}

    return change


def label(role: str) -> Callable[[Value], None]:
    return lambda value: value.update(role=role)


def threshold(number: int) -> Callable[[Value], None]:
    def change(value: Value) -> None:
        signed(value)["roles"]["root"]["threshold"] = number

    return change


def next_version(step: int) -> Callable[[Value], None]:
    def change(value: Value) -> None:
        signed(value)["version"] += step

    return change


def hide_catalogue(value: Value) -> None:
    del value["contents"]


def hide_former_catalogue(value: Value) -> None:
    value["contents"]["before"] = {}


def show_another_former_catalogue(value: Value) -> None:
    shown = value["contents"]["before"]
    shown[CATALOGUE] = shown[CATALOGUE].replace("0.2.0", "0.2.1")


def drop_catalogue(value: Value) -> None:
    del signed(value)["targets"][CATALOGUE]
    del value["contents"]


def in_what_is_signed(*path: str | int, **fields: Any) -> Callable[[Value], None]:
    """Add fields to a part of what is signed, such as the first role that targets delegate to."""

    def change(value: Value) -> None:
        part: Any = signed(value)
        for step in path:
            part = part[step]
        part.update(fields)

    return change


def of_first_key(value: Value) -> None:
    keys = keys_of(value)
    keys[min(keys)]["note"] = "ours"


def of_catalogue(value: Value) -> None:
    signed(value)["targets"][CATALOGUE]["note"] = "ours"


def half_a_character(value: Value) -> None:
    value["contents"]["after"]["release/\ud800"] = "\ud800"


LACKS, FORM = "lacks signatures of the keys that", "What is to be signed is no"
OTHERS = "other roots, targets or releases are published than are"
TAKEN = {"targets": "", "release": "2.release.json is published already"}
"""That a version exists already is noticed first."""
UNSIGNED = [
    Lie("root-in-both", "root", into_both(add_root_key), "another root 1", OTHERS),
    Lie("targets-in-both", "targets", into_both(add_release_key), "another targets 1", OTHERS),
    Lie("release-in-both", "release", into_both(add_archive), LACKS, OTHERS),
    Lie("founding", "root", lambda value: value["published"].update(roots=[]), "nothing is published", OTHERS),
    Lie("nothing-before", "release", lambda value: value["published"].pop("release"), "release 3 does not follow", OTHERS),
    Lie("version-leapt", "targets", next_version(1), "does not follow what is published"),
    Lie("version-again", "root", next_version(-1), "does not follow what is published", "is published already"),
]
LABELS = [
    *(Lie(f"root-as-{role}", "root", label(role), f"{FORM} {role}: it has another type", again) for role, again in TAKEN.items()),
    Lie("targets-as-release", "targets", label("release"), f"{FORM} release: it delegates", TAKEN["release"]),
    Lie("targets-as-root", "targets", label("root"), f"{FORM} root: it has another type"),
    Lie("release-as-targets", "release", label("targets"), f"{FORM} targets: it signs for targets itself"),
    Lie("release-as-root", "release", label("root"), f"{FORM} root: it has another type"),
    Lie("no-role", "release", label("../../release"), "is no draft"),
]
KEYS = [
    Lie("other-root-key", "root", put_another_key, "is not the hash of its key"),
    Lie("other-delegated-key", "targets", put_another_key, "is not the hash of its key"),
    Lie("one-key-twice", "root", spell_a_key_twice, "is not 64 small hexadecimal digits"),
    Lie("no-key", "root", name_a_key_that_is_not_there, "which it does not have"),
    Lie("one-is-enough-of-none", "root", threshold(9), "9 of 3 keys would have to sign root"),
    Lie("spare-key", "root", lambda value: keys_of(value).update({key_id(one): one for one in [key()]}), "for no role"),
]
FORMS = [
    Lie("other-paths", "targets", delegate("config", paths=["config/site/*", "release/*"]), "it delegates other paths to config"),
    Lie("not-terminating", "targets", delegate("release", terminating=False), "it delegates other paths to release"),
    Lie("own-target", "targets", sign_for("config/global/all.json"), "it signs for targets itself"),
    Lie("foreign-path", "release", sign_for("config/global/all.json"), "which is no file of a release"),
    Lie("deeper-path", "release", sign_for("release/../config/x.json"), "which is no file of a release"),
    Lie("hidden-catalogue", "release", hide_catalogue, "changes it without showing it"),
    Lie("hidden-former-catalogue", "release", hide_former_catalogue, "does not show what release/stable.json says now"),
    Lie("other-former-catalogue", "release", show_another_former_catalogue, "another content of release/stable.json"),
    Lie("dropped-catalogue", "release", drop_catalogue, "takes release/stable.json away"),
    Lie("second-catalogue", "release", sign_for("release/beta.json"), "takes release/beta.json away, or changes it"),
]
CONTROLS = [
    Lie("path-with-controls", "release", sign_for("release/\x1b[2K\x1b[1Agood"), r"release/\x1b[2K\x1b[1Agood"),
    Lie(
        "key-id-with-controls",
        "root",
        lambda value: signed(value)["roles"]["root"]["keyids"].append("\x1b]0;\u202eok"),
        r"\u202eok",
    ),
    Lie("half-a-character", "release", half_a_character, "is no draft"),
    Lie("role-with-controls", "targets", delegate("release", name="release\x1b[8m"), "it delegates to other roles"),
]
NOBODY_KNOWS = "it has a field that nobody knows"
UNKNOWN = [
    Lie(
        "field-called-as-a-fact", "root", in_what_is_signed(**{"keys of targets": "2 of a, b"}), f"{NOBODY_KNOWS}, keys of targets"
    ),
    Lie("field-called-as-a-key", "root", in_what_is_signed(**{f"key {'0' * 64}": None}), f"{NOBODY_KNOWS}, key 0000"),
    Lie("field-of-a-role", "root", in_what_is_signed("roles", "targets", note="ours"), f"{NOBODY_KNOWS}, note"),
    Lie("field-of-a-key", "root", of_first_key, f"{NOBODY_KNOWS}, note"),
    Lie("field-of-delegations", "targets", in_what_is_signed("delegations", **{"delegation release": "2"}), NOBODY_KNOWS),
    Lie("field-of-a-delegation", "targets", in_what_is_signed("delegations", "roles", 0, note="ours"), f"{NOBODY_KNOWS}, note"),
    Lie("field-of-a-release", "release", in_what_is_signed(**{f"target {CATALOGUE}": "1 bytes"}), f"{NOBODY_KNOWS}, target"),
    Lie("field-of-a-file", "release", of_catalogue, f"{NOBODY_KNOWS}, note"),
    Lie("field-beside-what-is-signed", "root", lambda value: value["metadata"].update(more=[]), f"{NOBODY_KNOWS}, more"),
]
LIES = [*UNSIGNED, *LABELS, *KEYS, *FORMS, *CONTROLS, *UNKNOWN]


def tell(lie: Lie, draft: Path) -> None:
    """Put a lie into a draft."""
    value = json.loads(draft.read_bytes())
    lie.change(value)
    draft.write_text(json.dumps(value))


def sign_blindly(draft: Path, signers: Mapping[str, list[Signer]]) -> None:
    """Sign what a draft says with all these keys, as nobody should."""
    value = json.loads(draft.read_bytes())
    metadata: Metadata[Any] = Metadata.from_dict(copy.deepcopy(value["metadata"]))
    metadata.signatures.clear()
    for signer in [one for role in ("root", "targets", "release") for one in signers[role]]:
        metadata.sign(signer, append=True)
    value["metadata"]["signatures"] = metadata.to_dict()["signatures"]
    draft.write_text(json.dumps(value))
