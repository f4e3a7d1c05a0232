"""Whose signatures metadata needs, and who has signed. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from securesystemslib.exceptions import Error as LibraryError
from securesystemslib.signer import Key
from tuf.api.metadata import Metadata, Root, Targets


@dataclass(frozen=True, slots=True)
class Signers:
    """Keys of which `threshold` have to sign. `named_by` is the metadata that says so, such as `root 3`."""

    named_by: str
    threshold: int
    keys: Mapping[str, Key]

    @classmethod
    def named_in(cls, delegator: Metadata[Root] | Metadata[Targets], role: str) -> "Signers":
        """Return those that a root or targets name for a role."""
        signed = delegator.signed
        delegated = signed.get_delegated_role(role)
        keys = {keyid: signed.get_key(keyid) for keyid in delegated.keyids}
        return cls(f"{signed.type} {signed.version}", delegated.threshold, keys)

    def is_same(self, other: "Signers") -> bool:
        """Whether as many of the same keys have to sign."""
        return self.keys.keys() == other.keys.keys() and self.threshold == other.threshold


@dataclass(frozen=True, slots=True)
class Progress:
    """Who of some signers has signed, by key id."""

    signers: Signers
    signed: tuple[str, ...]

    @property
    def lacking(self) -> int:
        """How many signatures are still needed."""
        return max(0, self.signers.threshold - len(self.signed))


def progress_of(metadata: Metadata[Any], signers: Signers) -> Progress:
    """Return who has signed; only signatures that are valid count."""
    return Progress(signers, tuple(_signed(metadata, signers)))


def _signed(metadata: Metadata[Any], signers: Signers) -> Iterator[str]:
    content = metadata.signed_bytes
    for keyid, key in signers.keys.items():
        signature = metadata.signatures.get(keyid)
        try:
            if signature is not None:
                key.verify_signature(signature, content)
                yield keyid
        except LibraryError:
            continue
