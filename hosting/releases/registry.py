"""An image registry, asked which image a name stands for (OCI Distribution 1.1): digests and sizes, never a whole layer."""

import hashlib
import json
import re
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import urllib3

from appliance.release.catalogue import REPOSITORY
from appliance.release.fields import DIGEST
from hosting.errors import ConfigurationError
from hosting.releases.credentials import Login

INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
MOST_BYTES = 4 << 20
"""Manifests and configurations are at most so long."""
TIMEOUT = urllib3.Timeout(connect=10, read=30)
REDIRECTS = 3
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_CHALLENGE = re.compile(r'([a-z]+)="([^"]*)"')
_LOOPBACK = re.compile(r"(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Reference:
    """An image by its repository, `registry.example.com/dca/appliance`, and a tag or a digest."""

    repository: str
    name: str

    @property
    def host(self) -> str:
        """The registry."""
        return self.repository.partition("/")[0]

    def __str__(self) -> str:
        return f"{self.repository}{'@' if ':' in self.name else ':'}{self.name}"


def parse_reference(text: str) -> Reference:
    """Return what REPO:TAG or REPO@sha256:… names. Raises ConfigurationError."""
    repository, at, name = text.partition("@")
    if not at:
        repository, _, name = text.rpartition(":")
    host = repository.partition("/")[0]
    right = DIGEST.fullmatch(name) if at else _TAG.fullmatch(name)
    if not right or not REPOSITORY.fullmatch(repository) or not ("." in host or ":" in host or host == "localhost"):
        raise ConfigurationError(
            f"{text[:120]!r} names no image. Write registry.example.com/dca/appliance:0.2.0, or …@sha256: and its digest."
        )
    return Reference(repository, name)


class Registry:
    """One registry. All methods raise ConfigurationError with one sentence. Without TLS only a registry on loopback is asked."""

    def __init__(self, host: str, login: Login | None = None) -> None:
        self._host = host
        scheme = "http" if _LOOPBACK.fullmatch(host) else "https"
        self._url = f"{scheme}://{host}"
        self._login = login
        self._authorization: str | None = None
        proxy = urllib.request.getproxies().get(scheme)
        direct = scheme == "http" or not proxy or urllib.request.proxy_bypass(host)
        self._pool = urllib3.PoolManager() if direct else urllib3.ProxyManager(str(proxy))

    def manifest(self, reference: Reference) -> tuple[bytes, str]:
        """Return a manifest or an index, and its digest; what a digest names has that digest."""
        answer = self._get(reference, f"manifests/{reference.name}", {"Accept": ", ".join((*INDEXES, *MANIFESTS))})
        return answer, _verified(answer, reference, reference.name if ":" in reference.name else None)

    def blob(self, reference: Reference, digest: str) -> bytes:
        """Return a small blob, such as the configuration of an image."""
        answer = self._get(reference, f"blobs/{digest}", {})
        _verified(answer, reference, digest)
        return answer

    def unpacked(self, reference: Reference, layer: Mapping[str, Any]) -> int:
        """Return how large a layer is unpacked: as its last four bytes say (RFC 1952), else three times what it is packed."""
        packed = int(layer.get("size", 0))
        guess = packed if str(layer.get("mediaType", "")).endswith(".tar") else 3 * packed
        try:
            last = self._get(reference, f"blobs/{layer.get('digest')}", {"Range": "bytes=-4"})
        except ConfigurationError:
            return guess
        return max(packed, int.from_bytes(last, "little")) if len(last) == 4 and "gzip" in str(layer.get("mediaType")) else guess

    def _get(self, reference: Reference, path: str, headers: Mapping[str, str]) -> bytes:
        repository = reference.repository.removeprefix(f"{self._host}/")
        url = f"{self._url}/v2/{repository}/{path}"
        answer = self._ask(url, headers, self._authorization)
        if answer.status == 401:
            self._authorization = self._authorize(answer.headers.get("WWW-Authenticate", ""), reference)
            answer = self._ask(url, headers, self._authorization)
        return self._content(answer, reference, ranged="Range" in headers)

    def _ask(self, url: str, headers: Mapping[str, str], authorization: str | None) -> urllib3.BaseHTTPResponse:
        """Ask, and follow to where the registry keeps its blobs, without the login."""
        sent = dict(headers) | ({"Authorization": authorization} if authorization else {})
        try:
            for _ in range(REDIRECTS):
                answer = self._pool.request(
                    "GET", url, headers=sent, redirect=False, retries=False, timeout=TIMEOUT, preload_content=False
                )
                target = answer.get_redirect_location()
                if not target:
                    return answer
                answer.release_conn()
                url = urljoin(url, target)
                self._require_secure(url)
                sent = dict(headers)
        except urllib3.exceptions.HTTPError as error:
            raise ConfigurationError(f"The registry {self._host} was not reached: {_reason(error)}.") from error
        raise ConfigurationError(f"The registry {self._host} sends on again and again. Ask whoever runs it.")

    def _authorize(self, challenge: str, reference: Reference) -> str:
        """Return the header that a registry asks for: the login, or a token for it (the token authentication of Docker)."""
        kind, _, rest = challenge.partition(" ")
        asked = dict(_CHALLENGE.findall(rest))
        if kind.lower() == "basic" and self._login is not None:
            return self._login.basic()
        if kind.lower() != "bearer" or "realm" not in asked:
            raise self._refused(reference)
        self._require_secure(asked["realm"])
        query = {name: asked[name] for name in ("service", "scope") if name in asked}
        url = f"{asked['realm']}{'&' if '?' in asked['realm'] else '?'}{urlencode(query)}"
        answer = self._ask(url, {}, self._login.basic() if self._login else None)
        try:
            told = json.loads(self._content(answer, reference))
            token = told.get("token") or told.get("access_token")
        except (ValueError, AttributeError):
            token = None
        if not isinstance(token, str) or not token.isprintable():
            raise ConfigurationError(f"The registry {self._host} gave no token. Ask whoever runs it.")
        return f"Bearer {token}"

    def _content(self, answer: urllib3.BaseHTTPResponse, reference: Reference, *, ranged: bool = False) -> bytes:
        """Return the body of an answer. Raises ConfigurationError for a refusal, and for more bytes than are taken."""
        try:
            if answer.status in (401, 403):
                raise self._refused(reference)
            if answer.status == 404:
                raise ConfigurationError(f"The registry has no {reference}. Push it, or look at its name.")
            if answer.status == 429:
                wait = answer.headers.get("Retry-After", "")
                when = f"in {wait} seconds" if wait.isdigit() else "later"
                raise ConfigurationError(f"The registry {self._host} was asked too often. Try again {when}, or with --credentials.")
            if answer.status not in ((206,) if ranged else (200,)):
                raise ConfigurationError(f"The registry {self._host} answered {answer.status} for {reference}. Try again later.")
            content = answer.read(MOST_BYTES + 1, decode_content=True)
        except urllib3.exceptions.HTTPError as error:
            raise ConfigurationError(f"The registry {self._host} broke off: {_reason(error)}. Try again.") from error
        finally:
            answer.close()
        if len(content) > MOST_BYTES:
            raise ConfigurationError(f"The registry {self._host} sends more than {MOST_BYTES >> 20} MiB for {reference}.")
        return content

    def _refused(self, reference: Reference) -> ConfigurationError:
        advice = "Give another login" if self._login else "Give a login"
        return ConfigurationError(f"The registry {self._host} refuses to show {reference}. {advice}: --credentials FILE")

    def _require_secure(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" and not _LOOPBACK.fullmatch(parts.netloc):
            raise ConfigurationError(f"The registry {self._host} sends on to {parts.netloc} without TLS, which is not followed.")


def _verified(content: bytes, reference: Reference, digest: str | None) -> str:
    found = f"sha256:{hashlib.sha256(content).hexdigest()}"
    if digest not in (None, found):
        raise ConfigurationError(f"What the registry sent for {reference} has another digest than was asked for. Nothing was made.")
    return found


def _reason(error: urllib3.exceptions.HTTPError) -> str:
    """Return what went wrong without the address of the object that failed."""
    inner = error.args[-1] if error.args else error
    return str(inner).rpartition(": ")[2].rstrip(".") or type(error).__name__
