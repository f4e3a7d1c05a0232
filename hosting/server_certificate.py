"""The certificate the server shows: taken anew when its files change or SIGHUP asks for it, and told of before it ends."""

import asyncio
import ssl
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from cryptography import x509

from appliance.common.clock import to_rfc3339, utc_now
from hosting.certificates import CertificateFiles, names_in, renew_when_due, server_context
from hosting.errors import ConfigurationError

LOOK_SECONDS = 10.0
WARN_BEFORE = timedelta(days=30)
REPEAT = timedelta(days=1)
"""A warning that lasts is logged again after so long."""

Stamp = tuple[tuple[int, int, int], ...]


class ServerCertificate:
    """Certificate and key in two files; `own` where an authority of this server issues them. Raises ConfigurationError."""

    def __init__(self, certificate: Path, key: Path, own: CertificateFiles | None = None) -> None:
        self._files = (certificate, key)
        self._own = own
        self._renew()
        self._stamp = self._stamp_now()
        self.context: ssl.SSLContext = server_context(certificate, key)
        """What the server listens with; a certificate that is taken anew goes into it."""
        self.names = frozenset(names_in(certificate))
        self.expires: datetime | None = _first_end(certificate, own)
        """When the first certificate of its chain ends; None where no date can be read."""
        self._failed: Stamp | None = None
        self._told_at: datetime | None = None

    @property
    def file(self) -> Path:
        """The file of the certificate."""
        return self._files[0]

    def ends_soon(self, now: datetime) -> bool:
        """Whether people have to be told that it ends, or that it has."""
        return self.expires is not None and self.expires - now <= WARN_BEFORE

    def look_after(self, now: datetime, *, anew: bool = False) -> None:
        """Renew what this server issues itself, take files that have changed (`anew`: in any case), and warn of the end."""
        self._renew()
        stamp = self._stamp_now()
        if anew or stamp not in (self._stamp, self._failed):
            self._take(stamp)
        self._warn(now)

    def _take(self, stamp: Stamp) -> None:
        """Use what the files hold now. Until certificate and key belong together, the ones before stay."""
        log = structlog.get_logger()
        try:
            server_context(*self._files)
            self.context.load_cert_chain(*self._files, password="")
        except (ConfigurationError, OSError, ValueError) as error:
            self._failed = stamp
            log.error("the certificate was not taken anew; the one before stays in use", reason=str(error))
            return
        self._stamp, self._failed, self._told_at = stamp, None, None
        self.names, self.expires = frozenset(names_in(self.file)), _first_end(self.file, self._own)
        log.info("the certificate was taken anew", file=str(self.file), expires=to_rfc3339(self.expires))

    def _warn(self, now: datetime) -> None:
        if not self.ends_soon(now) or (self._told_at is not None and now - self._told_at < REPEAT):
            return
        self._told_at = now
        log = structlog.get_logger()
        expired = self.expires is not None and self.expires <= now
        (log.error if expired else log.warning)(
            "the certificate has expired: sites and browsers refuse it" if expired else "the certificate ends soon",
            file=str(self.file),
            expires=to_rfc3339(self.expires),
            advice="put a new one in its place; it is taken by itself",
        )

    def _renew(self) -> None:
        if self._own is not None and renew_when_due(self._own):
            structlog.get_logger().info("the certificate of the server was renewed", file=str(self._own.server))

    def _stamp_now(self) -> Stamp:
        return tuple(_stamp(path) for path in self._files)


async def watch_certificate(
    certificate: ServerCertificate | None, asked: asyncio.Event, clock: Callable[[], datetime] = utc_now
) -> None:
    """Look after the certificate every few seconds, and at once when `asked` is set, until this is cancelled."""
    while True:
        anew = asked.is_set()
        asked.clear()
        if certificate is not None:
            try:
                certificate.look_after(clock(), anew=anew)
            except (OSError, ConfigurationError, ValueError) as error:
                structlog.get_logger().error("the certificate could not be looked after", reason=str(error))
        elif anew:
            structlog.get_logger().info("there is no certificate to take anew: the server speaks plain HTTP")
        try:
            await asyncio.wait_for(asked.wait(), LOOK_SECONDS)
        except TimeoutError:
            continue


def _first_end(certificate: Path, own: CertificateFiles | None) -> datetime | None:
    """Return when the first of these ends: the certificates of the chain, and that of the authority of this server."""
    ends: list[datetime] = []
    for path in (certificate, own.authority if own else None):
        try:
            ends += [one.not_valid_after_utc for one in x509.load_pem_x509_certificates(path.read_bytes())] if path else []
        except (OSError, ValueError):
            continue
    return min(ends, default=None)


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_size, found.st_ino)
