"""Enrolment: from the string the hosting team hands out to a site that may send, and what of it is kept.

`https://NAME[:PORT][/PATH]#enrol=CODE[&root=SHA256]`: a browser never sends what follows the `#`.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from appliance.clock import to_rfc3339, utc_now
from appliance.errors import SettingsError
from appliance.settings.model import HostingSettings
from appliance.settings.store import SettingsStore
from appliance.traffic import TrafficByPurpose
from appliance.transmission.client import HostingClient
from appliance.transmission.identity import Identity, load_key, load_or_make_key

TABLE = "enrolment"
_CODE = re.compile(r"[A-Za-z0-9._~-]{4,200}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FORM = "It looks like https://hosting.example.com#enrol=CODE; copy the whole line that the hosting team gave you."


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an enrolment string says."""

    url: str
    code: str = field(repr=False)
    root_sha256: str | None = None
    """SHA-256 of the first root of trust, when the string names it."""


@dataclass(frozen=True, slots=True)
class Registration:
    """Where this site is enrolled."""

    url: str
    site_id: str
    enrolled_at: str


def parse_enrolment(text: str) -> Enrolment:
    """Return the parts of an enrolment string. Raises SettingsError; the code is never repeated in its sentence."""
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError as error:
        raise SettingsError(f"This is no enrolment string: the address in it cannot be read. {_FORM}") from error
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise SettingsError(f"This is no enrolment string: it does not begin with https:// and a name. {_FORM}")
    if parts.username is not None or parts.query or re.search(r"\s", parts.netloc + parts.path):
        raise SettingsError(f"This is no enrolment string: its address has parts that do not belong there. {_FORM}")
    fields = parse_qs(parts.fragment, keep_blank_values=True)
    codes, roots = fields.get("enrol", []), fields.get("root", [])
    if len(codes) != 1 or not _CODE.fullmatch(codes[0]):
        raise SettingsError(f"This is no enrolment string: the code after #enrol= is missing or cut. {_FORM}")
    if len(roots) > 1 or any(not _SHA256.fullmatch(root.lower()) for root in roots):
        raise SettingsError(f"This is no enrolment string: the hash after root= is no SHA-256. {_FORM}")
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    address = f"{parts.scheme}://{name}{f':{port}' if port else ''}{parts.path.rstrip('/')}"
    return Enrolment(address, codes[0], roots[0].lower() if roots else None)


def registration(settings: SettingsStore) -> Registration | None:
    """Return where this site is enrolled, or None."""
    for row in settings.documents(TABLE):
        return Registration(str(row["url"]), str(row["site_id"]), str(row.get("enrolled_at", "")))
    return None


def enrol_site(text: str, trust_folder: Path, settings: SettingsStore, traffic: TrafficByPurpose | None = None) -> Registration:
    """Enrol this site with the string of the hosting team, and keep where it is enrolled. Blocking.

    The key is made at the first enrolment and used again later, so that an enrolment whose answer was lost can be repeated with
    the same string. Raises SettingsError, DataFolderError, HostingError, RefusedError; what was in force before stays then.
    """
    enrolment = parse_enrolment(text)
    effective = settings.effective().settings
    identity = Identity(load_or_make_key(trust_folder))
    with connect(enrolment.url, identity, effective.hosting, traffic) as client:
        site_id = client.enrol(enrolment.code, effective.site.name)
    made = Registration(enrolment.url, site_id, to_rfc3339(utc_now()))
    row = {"url": made.url, "site_id": made.site_id, "enrolled_at": made.enrolled_at, "root_sha256": enrolment.root_sha256}
    settings.change_documents(TABLE, lambda _rows: [row])
    return made


def open_client(trust_folder: Path, settings: SettingsStore, traffic: TrafficByPurpose | None = None) -> HostingClient | None:
    """Return the client of the hosting server where this site is enrolled, by the settings in force; None when it is not enrolled.

    `hosting.url`, where it is set, stands above the address of the enrolment: a server may move. Raises SettingsError.
    """
    enrolled = registration(settings)
    if enrolled is None:
        return None
    key = load_key(trust_folder)
    if key is None:
        raise SettingsError(
            f"The request key of this site is missing in {trust_folder}. Restore it from a backup, or enrol the site again "
            "with a new enrolment string."
        )
    hosting = settings.effective().settings.hosting
    return connect(hosting.url or enrolled.url, Identity(key, enrolled.site_id), hosting, traffic)


def connect(url: str, identity: Identity, hosting: HostingSettings, traffic: TrafficByPurpose | None = None) -> HostingClient:
    """Return a client with certificate authority and proxy as set; `traffic` counts its calls. Raises SettingsError."""
    return HostingClient(
        url,
        identity,
        ca_file=hosting.ca_file,
        verify=hosting.verify_tls,
        proxy=hosting.proxy,
        proxy_user=hosting.proxy_user,
        proxy_password=hosting.proxy_password.get_secret_value(),
        traffic=traffic,
    )
