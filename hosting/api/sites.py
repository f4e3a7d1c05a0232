"""The calls of a site: enrol, send readings and support bundles. Its check-in is in `hosting.api.check_in`."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Annotated, ClassVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, StringConstraints

from appliance.common.clock import utc_now
from appliance.report import Batch
from appliance.report.device_keys import CONTROL
from hosting.api.base import BUDGET_SPENT, SMALL, ApiAnswer, SignedHandler
from hosting.api.body import parse
from hosting.api.errors import ApiError, replayed, throttled, unauthorized
from hosting.api.signature import SignedRequest, Verified, claimed_key_id, parse_public_key, unknown_site, verify
from hosting.db import bundles, sites
from hosting.db.connection.database import Connection
from hosting.db.contact import TurnedAway, turned_away
from hosting.db.intake import changes, readings
from hosting.db.sites import Site
from hosting.repository.repository import Repository

BUNDLE_TYPE = "application/gzip"
GZIP_MAGIC = b"\x1f\x8b\x08"

TURNED_AWAY: Mapping[TurnedAway, str] = {
    "revoked": "This site was revoked at the hosting server. Ask your provider.",
    "deactivated": "This site is deactivated at the hosting server. Ask your provider.",
    "expired": "The time of this site at the hosting server is over. Ask your provider.",
}

Work = Callable[[Connection], ApiAnswer]
"""What a call does in its transaction."""

Version = Annotated[str, StringConstraints(max_length=64, pattern=r"^[\x20-\x7e]*$")]


class Enrolment(BaseModel):
    """The body of `POST /api/v1/enrol`."""

    model_config = ConfigDict(extra="ignore")

    code: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    public_key: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]
    site_name: Annotated[str, StringConstraints(max_length=100)] = ""
    version: Version = ""
    root_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9A-Fa-f]{64}$", to_lower=True)] | None = None
    """The root of the enrolment string, which the answer is to hold."""


class EnrolHandler(SignedHandler):
    """`POST /api/v1/enrol`: a code and a key in, a site id out. Signed with the very key, which proves possession."""

    route: ClassVar[str] = "enrol"

    @property
    def body_bytes(self) -> int:
        """The limit of the body: it comes before anybody is known here."""
        return min(SMALL, self.config.limits.body_bytes)

    @property
    def decoded_bytes(self) -> int:
        """The limit of the body after gzip."""
        return self.body_bytes

    def check_head(self, head: SignedRequest) -> None:
        """Do nothing: no body that is taken is large."""

    def process(self, signed: SignedRequest) -> ApiAnswer:
        """Register the key. 201 for a new one; 200 and the same site when the same key asks again with the same code."""
        address = f"enrol {self.client}"
        wait = self.services.failures.wait(address)
        if wait:
            raise throttled("Too many wrong enrolment codes came from this address.", wait)
        verified = verify(signed, _key_to_enrol(signed))
        wanted = parse(Enrolment, self.content(signed))
        if wanted.public_key != verified.key_id:
            raise unauthorized("bad_signature", "The request is not signed with the key it wants to enrol.")
        root = self._root(wanted.root_sha256)
        name = _storable(wanted.site_name)
        applicant = sites.Applicant(wanted.public_key, name, wanted.version, wanted.root_sha256, self.client_ip)
        with self.services.database.writing(self.config.limits.intake_seconds) as connection:
            enrolled = sites.enrol(connection, wanted.code, applicant)
            if enrolled is not None:
                _take_nonce(connection, enrolled.site_id, verified)
        if enrolled is None:
            self.services.failures.take(address)
            sentence = "The enrolment code is not valid: it is wrong, has expired, or was used. Ask your provider for a new one."
            raise ApiError(403, "code_invalid", sentence)
        self.site_id = enrolled.site_id
        return ApiAnswer({"site_id": enrolled.site_id, **root}, 201 if enrolled.created else 200)

    def _root(self, sha256: str | None) -> dict[str, str]:
        """Return the part of the answer with the root the site trusts by its hash. Raises ApiError 409."""
        if sha256 is None:
            return {}
        repository = Repository.open(self.config.repository)
        content = repository.root_by_sha256(sha256) if repository else None
        if content is None:
            sentence = "The enrolment string names a root of trust this server does not have. Ask your provider for a new string."
            raise ApiError(409, "root_unknown", sentence)
        return {"root": content.decode()}


class SiteHandler(SignedHandler):
    """Base of the calls of an enrolled site."""

    def check_head(self, head: SignedRequest) -> None:
        """Raise ApiError unless a site that may send now has signed the head."""
        self._signer(head, head_alone=True)

    def process(self, signed: SignedRequest) -> ApiAnswer:
        """Verify, throttle, and do the work and take the nonce in one transaction."""
        site, verified = self._signer(signed)
        self.services.sites.take(site.site_id)
        content = self.content(signed)
        work = self.prepare_work(content, site)
        with self.services.database.writing(self.config.limits.intake_seconds) as connection:
            _take_nonce(connection, site.site_id, verified)
            return work(connection)

    def _signer(self, signed: SignedRequest, *, head_alone: bool = False) -> tuple[Site, Verified]:
        """Return the site that has signed and what it signed. Raises ApiError for another, and for one that may not send now."""
        site_id = claimed_key_id(signed.headers)
        with self.services.database.reading(self.config.limits.intake_seconds) as connection:
            site = sites.site_by_id(connection, site_id) if site_id else None
        return self.admit(signed, site, head_alone=head_alone)

    def admit(self, signed: SignedRequest, site: Site | None, *, head_alone: bool = False) -> tuple[Site, Verified]:
        """Return the site and what it signed; `site` is the one of the claimed key id, None where there is none.

        Raises ApiError where it was signed by another, and for a site that may not send now.
        """
        key = parse_public_key(site.public_key) if site and site.public_key else None
        verified = verify(signed, key, head_alone=head_alone)
        if site is None:
            raise unknown_site()
        self.site_id = site.site_id
        away = turned_away(site, utc_now())
        if away:
            raise ApiError(403, away, TURNED_AWAY[away])
        wait = self.services.sites.wait(site.site_id)
        if wait:
            raise throttled(BUDGET_SPENT, wait)
        return site, verified

    def prepare_work(self, content: bytes, site: Site) -> Work:
        """Return what is to be done with a body of the site. Raises ApiError when the body cannot be used."""
        raise NotImplementedError


class ReadingsHandler(SiteHandler):
    """`POST /api/v1/readings`: a batch in; how many of it were new out, and of which devices the whole reading is needed."""

    route: ClassVar[str] = "readings"
    taken: readings.Taken | None = None
    """What has become of the batch, once it is known."""

    def on_finish(self) -> None:
        """Count what was acknowledged."""
        super().on_finish()
        if self.taken is not None and self.get_status() == 200:
            newest = self.taken.newest_at
            lag = (utc_now() - newest).total_seconds() if newest else 0.0
            self.services.counts.took_in(self.taken.accepted, self.taken.duplicate, lag)

    def prepare_work(self, content: bytes, site: Site) -> Work:
        """Rebuild what was sent as changes, take the batch in."""
        batch = parse(Batch, content)
        _check_keys(batch)
        digest = hashlib.sha256(content).hexdigest()
        rebuilt = changes.Rebuilt()
        if batch.changes:
            with self.services.database.reading(self.config.limits.intake_seconds) as connection:
                rebuilt = changes.rebuild_all(connection, site.site_id, batch.changes, self.config.limits.decoded_bytes)

        def work(connection: Connection) -> ApiAnswer:
            try:
                taken = readings.take_in(connection, site.site_id, batch, rebuilt, digest=digest)
            except readings.OtherContentError as error:
                sentence = "This batch id stands for other content already. Nothing of this batch was kept: send it under a new id."
                raise ApiError(409, "batch_conflict", sentence) from error
            self.taken = taken
            sites.touch(connection, site.site_id)
            needed = {"needed": rebuilt.needed} if rebuilt.needed else {}
            return ApiAnswer({"accepted": taken.accepted, "duplicate": taken.duplicate, "changes": True, **needed})

        return work


class SupportBundleHandler(SiteHandler):
    """`POST /api/v1/support-bundle`: a gzip file in, kept as it is."""

    route: ClassVar[str] = "support-bundle"

    @property
    def body_bytes(self) -> int:
        """The limit of the body."""
        return self.config.limits.bundle_bytes

    def content(self, signed: SignedRequest) -> bytes:
        """Return the body. Raises ApiError 415 unless it says it is gzip, 400 when it is not."""
        if signed.headers.get("Content-Type", "") != BUNDLE_TYPE:
            raise ApiError(415, "not_gzip", f"Send the bundle as Content-Type: {BUNDLE_TYPE}.")
        if not signed.body.startswith(GZIP_MAGIC):
            raise ApiError(400, "bad_gzip", "The bundle is no gzip file.")
        return signed.body

    def prepare_work(self, content: bytes, site: Site) -> Work:
        """Keep the bundle."""

        def work(connection: Connection) -> ApiAnswer:
            return ApiAnswer({"bundle_id": bundles.keep(connection, site.site_id, content, address=self.client_ip)})

        return work


def _key_to_enrol(signed: SignedRequest) -> Ed25519PublicKey | None:
    """Return the key that an enrolment is signed with, which is its own key id. Raises ApiError 401 where that is none."""
    key_id = claimed_key_id(signed.headers)
    try:
        return parse_public_key(key_id) if key_id else None
    except ValueError as error:
        raise unauthorized("bad_signature", f"The signature of the request is not valid: {error}.") from error


def _check_keys(batch: Batch) -> None:
    """Raise ApiError 422 for a control character in a key."""
    keys = [(f"readings.{number}.device.key", item.device.key) for number, item in enumerate(batch.readings)]
    keys += [(f"changes.{number}.device", change.device) for number, change in enumerate(batch.changes)]
    for number, event in enumerate(batch.events):
        keys.append((f"events.{number}.device", f"{event.device} {event.detail.get('former_key')}"))
    for path, key in keys:
        if CONTROL.search(key):
            raise ApiError(422, "does_not_fit", f"{path}: it contains a control character.")


def _take_nonce(connection: Connection, site_id: str, verified: Verified) -> None:
    if not sites.use_nonce(connection, site_id, verified.nonce, verified.expires_at):
        raise replayed()


def _storable(text: str) -> str:
    return text.replace("\x00", "")
