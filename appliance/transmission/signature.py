"""HTTP Message Signatures (RFC 9421) with a content digest (RFC 9530): who sent this body, and that nobody changed it."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

LABEL = "dca"
NONCE_BYTES = 16


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: str
    headers: dict[str, str]


def signed_headers(
    url: str, headers: dict[str, str], body: bytes, *, private_key: "Ed25519PrivateKey", key_id: str, created: datetime
) -> dict[str, str]:
    """Return `headers` of a POST to `url` with Content-Digest, Signature-Input and Signature added.

    Covered are method, authority, path, the digest of the body as sent and, when the body is compressed, its encoding. The nonce
    is new with each call: a request that is sent again is signed again.
    """
    # As cryptography, it is loaded with the key of a site (`site_key`).
    from http_message_signatures import HTTPMessageSigner, MappingKeyResolver, algorithms  # noqa: PLC0415

    request = _Request("POST", url, dict(headers))
    covered = ["@method", "@authority", "@path", "content-digest"]
    if any(name.lower() == "content-encoding" for name in headers):
        covered.append("content-encoding")
    signer = HTTPMessageSigner(
        signature_algorithm=algorithms.ED25519,
        key_resolver=MappingKeyResolver(public_keys={}, private_keys={key_id: private_key}),
    )
    signer.sign(
        request,
        key_id=key_id,
        created=created,
        nonce=secrets.token_hex(NONCE_BYTES),
        label=LABEL,
        include_alg=False,
        covered_component_ids=covered,
        body=body,
    )
    return request.headers
