"""The signature of a request: HTTP Message Signatures (RFC 9421) over a digest of the body as sent (RFC 9530).

* Covered are at least `@method`, `@authority`, `@path`, `content-digest`, and `content-encoding` where there is one.
* `created` lies within 300 s of this server's clock, so a nonce has to be remembered for no longer than that.
* `keyid` names the site; at enrolment, where the server knows no key yet, it is the public key itself.

Pure: the key is given, the nonce is returned for the caller to take. Whose key is to be looked up says `claimed_key_id`, before
the library verifies: what fails within its verification, also the fault of a database, it would call an invalid signature.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import HTTPMessageVerifier, HTTPSignatureKeyResolver, InvalidSignature
from http_message_signatures.algorithms import ED25519
from http_message_signatures.exceptions import HTTPMessageSignaturesException
from tornado.httputil import HTTPHeaders

from hosting.api.errors import ApiError, unauthorized

TOLERANCE = timedelta(seconds=300)
COVERED = ("@method", "@authority", "@path", "content-digest")
NONCE = re.compile(r"^[\x21-\x7e]{16,64}$")
KEY_ID = re.compile(r'; *keyid="([A-Za-z0-9_-]{1,64})"')
"""The parameter of the header Signature-Input (RFC 9421, 2.3). Site ids and public keys have no other characters."""


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request as it arrived: `urls` are the addresses the site may have signed, the body is still encoded."""

    method: str
    urls: Sequence[str]
    headers: HTTPHeaders
    body: bytes


@dataclass(frozen=True, slots=True)
class Verified:
    """Who signed, and the nonce with the moment after which the signature is too old anyway."""

    key_id: str
    nonce: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class _Message:
    """What the library reads."""

    method: str
    url: str
    headers: HTTPHeaders


class _ClockDiffers(InvalidSignature):
    """`created` lies too far from this server's clock."""


class _Keys(HTTPSignatureKeyResolver):
    """Has one key, or none, and remembers whether another was asked for."""

    def __init__(self, key_id: str | None, key: Ed25519PublicKey | None) -> None:
        self._key_id = key_id
        self._key = key
        self.unknown = False

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey | None:
        key = self._key if key_id == self._key_id else None
        self.unknown = key is None
        return key


class _Verifier(HTTPMessageVerifier):
    """Judges `created` in both directions alike."""

    def validate_created_and_expires(self, sig_input: Any, max_age: timedelta | None = None) -> None:  # noqa: ARG002 - inherited
        created = sig_input.params.get("created")
        if type(created) is not int:
            raise InvalidSignature("The parameter created is missing")
        now = datetime.now(UTC)
        if abs(now.timestamp() - created) > TOLERANCE.total_seconds():
            raise _ClockDiffers(str(created))
        expires = sig_input.params.get("expires")
        if expires is not None and (type(expires) is not int or expires < now.timestamp()):
            raise InvalidSignature("The parameter expires lies in the past")


def parse_public_key(text: str) -> Ed25519PublicKey:
    """Return the key written as base64url of 32 bytes without padding. Raises ValueError."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{43}", text):
        raise ValueError("a public key is 32 bytes in base64url without padding: 43 characters")
    raw = urlsafe_b64decode(text + "=")
    if urlsafe_b64encode(raw).decode().rstrip("=") != text:
        raise ValueError("the base64url of the public key is not canonical")
    return Ed25519PublicKey.from_public_bytes(raw)


def claimed_key_id(headers: HTTPHeaders) -> str | None:
    """Return the key id under which a request says it is signed, not to be believed before `verify`; None where it names no one."""
    named = KEY_ID.findall(headers.get("Signature-Input", ""))
    return named[0] if len(named) == 1 else None


def verify(request: SignedRequest, key: Ed25519PublicKey | None, *, head_alone: bool = False) -> Verified:
    """Return who signed the request; `key` is the one of its `claimed_key_id`, None for an id that nobody has here.

    With `head_alone` the body has not arrived: what is signed is its digest.

    Raises ApiError 401: `unknown_site`, `bad_signature` or `clock`.
    """
    required = [*COVERED, *(["content-encoding"] if "Content-Encoding" in request.headers else [])]
    keys = _Keys(claimed_key_id(request.headers), key)
    verifier = _Verifier(signature_algorithm=ED25519, key_resolver=keys)
    reason = "The request has no address this server knows"
    for url in request.urls:
        message = _Message(request.method, url, request.headers)
        try:
            [result] = verifier.verify(
                message, max_age=None, require_components=required, body=None if head_alone else request.body
            )
        except _ClockDiffers as error:
            now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            sentence = f"The clock of the site differs from this server's, where it is {now}. Set the clock of the site's host."
            raise unauthorized("clock", sentence) from error
        except HTTPMessageSignaturesException as error:
            if keys.unknown:
                raise unknown_site() from error
            reason = str(error) or "it does not match the request"
        else:
            return _checked(result.parameters)
    sentence = f"The signature of the request is not valid: {reason.rstrip('.')}."
    raise unauthorized("bad_signature", sentence)


def unknown_site() -> ApiError:
    """Return the 401 for a key id that nobody has here."""
    return unauthorized("unknown_site", "No site is enrolled here under this id. Enrol the appliance with a new enrolment code.")


def _checked(parameters: dict[str, Any]) -> Verified:
    nonce = parameters.get("nonce")
    if not isinstance(nonce, str) or not NONCE.match(nonce):
        raise unauthorized("bad_signature", "The signature of the request has no nonce of 16 to 64 characters.")
    created = datetime.fromtimestamp(parameters["created"], UTC)
    return Verified(str(parameters["keyid"]), nonce, created + TOLERANCE + timedelta(seconds=60))
