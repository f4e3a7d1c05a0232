"""Enrolment: from the string the hosting team hands out to a site that may send, and what of it is kept.

`https://NAME[:PORT][/PATH]#enrol=CODE[&root=SHA256]`: a browser never sends what follows the `#`. The hash is of the root of trust
of the server's repository: whoever reads the string may trust what that root signs, whatever lies between the site and the server.
"""

import hashlib
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from appliance.common.clock import to_rfc3339, utc_now
from appliance.common.errors import HostingError, RefusedError, SettingsError
from appliance.common.files import keeping, sync_folder, write_atomic
from appliance.common.message import Message, sentences
from appliance.common.network.outbound import server_of
from appliance.common.network.traffic import TrafficByPurpose
from appliance.common.paths import bootstrap_root, repository_folder
from appliance.privacy.choice import ENROLLED_BY, choice, choose
from appliance.settings.model import HostingSettings
from appliance.settings.rows import By, Registration
from appliance.settings.store import SettingsStore
from appliance.settings.tables import ENROLMENT
from appliance.transmission.answers import EnrolAnswer
from appliance.transmission.authority import join_authorities, remove_other_authorities
from appliance.transmission.client import HostingClient
from appliance.transmission.connection import ConnectionSettings
from appliance.transmission.failures import of_a_single_try
from appliance.transmission.site_key import Identity, load_key, load_or_make_key

_CODE = re.compile(r"[A-Za-z0-9._~-]{4,200}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
WITHOUT_ROOT = Message(
    "The enrolment string names no root of trust: signed configuration of the hosting server is not "
    "taken. For that, enrol again with a string that ends in &root= and a hash."
)
_FORM = Message("It looks like https://hosting.example.com#enrol=CODE; copy the whole line that the hosting team gave you.")


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an enrolment string says."""

    url: str
    code: str = field(repr=False)
    root_sha256: str | None = None
    """SHA-256 of the first root of trust, when the string names it."""


def knows_devices(now: Registration, before: Registration | None) -> bool:
    """Return whether the server knows what was told under `before`: another server, or another site there, knows nothing."""
    return before is None or (before.site_id == now.site_id and _same_provider(before, now))


def parse_enrolment(text: str) -> Enrolment:
    """Return the parts of an enrolment string. Raises SettingsError; the code is never repeated in its sentence."""
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError as error:
        raise _refused(Message("This is no enrolment string: the address in it cannot be read.")) from error
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise _refused(Message("This is no enrolment string: it does not begin with https:// and a name."))
    if parts.username is not None or parts.query or re.search(r"\s", parts.netloc + parts.path):
        raise SettingsError(
            sentences(Message("This is no enrolment string: its address has parts that do not belong there."), _FORM)
        )
    fields = parse_qs(parts.fragment, keep_blank_values=True)
    codes, roots = fields.get("enrol", []), fields.get("root", [])
    if len(codes) != 1 or not _CODE.fullmatch(codes[0]):
        raise _refused(Message("This is no enrolment string: the code after #enrol= is missing or cut."))
    if len(roots) > 1 or any(not _SHA256.fullmatch(root.lower()) for root in roots):
        raise _refused(Message("This is no enrolment string: the hash after root= is no SHA-256."))
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    address = f"{parts.scheme}://{name}{f':{port}' if port else ''}{parts.path.rstrip('/')}"
    return Enrolment(address, codes[0], roots[0].lower() if roots else None)


def _refused(fault: Message) -> SettingsError:
    return SettingsError(sentences(fault, _FORM))


def registration(settings: SettingsStore) -> Registration | None:
    """Return where this site is enrolled, or None."""
    return next(iter(settings.records(ENROLMENT, Registration)), None)


def enrol_site(
    text: str,
    trust_folder: Path,
    settings: SettingsStore,
    traffic: TrafficByPurpose | None = None,
    *,
    by: By = "command",
    authority: str = "",
) -> Registration:
    """Enrol this site with the string of the hosting team, and keep where it is enrolled. Blocking.

    `authority` are certificates, in PEM form, of authorities of the server; they join those in use. With a command or the
    environment (`by`) the masks in force are chosen; with a page they are when they are kept there.

    The key is made at the first enrolment and used again later, so that an enrolment whose answer was lost can be repeated with
    the same string. The root of trust is on the disk before the enrolment is. Raises SettingsError, DataFolderError, HostingError,
    RefusedError; what was in force before stays then.
    """
    enrolment = parse_enrolment(text)
    effective = settings.effective()
    hosting = effective.settings.hosting
    joined = join_authorities(authority, effective, trust_folder) if authority else None
    if joined:
        hosting = hosting.model_copy(update={"ca_file": str(joined)})
    identity = Identity(load_or_make_key(trust_folder))
    try:
        with connect(enrolment.url, identity, hosting, traffic) as client:
            answer = _ask(client, enrolment, effective.settings.site.name, by)
        if enrolment.root_sha256:
            root = checked_root(answer.root, enrolment.root_sha256, server_of(enrolment.url))
            keep_root(repository_folder(trust_folder, enrolment.root_sha256), root)
        made = Registration(enrolment.url, answer.site_id, to_rfc3339(utc_now()), enrolment.root_sha256)
        _leave_behind(registration(settings), made, settings)
        if joined:
            settings.change_site({"hosting": {"ca_file": str(joined)}})
        if by != "page" or choice(settings):
            choose(settings, by, utc_now())
        settings.change_documents(ENROLMENT, lambda _rows: [asdict(made) | {ENROLLED_BY: by}])
    finally:
        if authority:
            remove_other_authorities(trust_folder, Path(settings.effective().settings.hosting.ca_file))
    return made


def _ask(client: HostingClient, enrolment: Enrolment, site_name: str, by: By) -> EnrolAnswer:
    try:
        return client.enrol(enrolment.code, site_name, enrolment.root_sha256)
    except RefusedError:
        raise
    except HostingError as error:
        if by == "environment":  # the collector repeats that until it is enrolled
            raise
        raise of_a_single_try(error) from error


def _leave_behind(before: Registration | None, now: Registration, settings: SettingsStore) -> None:
    """Put out of force what a former provider has set. The same one keeps it, though its address or its root has changed."""
    if before is None or _same_provider(before, now):
        return
    text = Message(
        "The site has moved to %(server)s: nothing that %(former_server)s has set is in force any more.",
        server=server_of(now.url),
        former_server=server_of(before.url),
    )
    settings.change_received(lambda received: received.moved(text, utc_now()))
    settings.replace_hosting({})


def _same_provider(before: Registration, now: Registration) -> bool:
    return server_of(before.url) == server_of(now.url) or before.root_sha256 == now.root_sha256


def checked_root(root: str | None, sha256: str, server: str) -> bytes:
    """Return the root of trust that the hosting server sent. Raises RefusedError when it is not the one with this hash."""
    if root is None:
        raise RefusedError(
            Message(
                "The hosting server %(server)s did not send the root of trust that the enrolment string names: "
                "it has no repository, or is of a version without signed configuration. Ask the hosting team for "
                "a new enrolment string.",
                server=server,
            ),
            code="root_missing",
        )
    content = root.encode()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise RefusedError(
            Message(
                "What the hosting server %(server)s sent as its root of trust is not what the enrolment string "
                "names: somebody between this site and the server may have changed it. Nothing of it is kept. "
                "Ask the hosting team for a new enrolment string.",
                server=server,
            ),
            code="root_differs",
        )
    return content


def keep_root(repository: Path, root: bytes) -> None:
    """Keep the root from which all trust in the repository begins. Raises DataFolderError; a root that was there stays then."""
    path = bootstrap_root(repository)
    with keeping(Message("The root of trust"), path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomic(path, root)
        for folder in (repository, repository.parent, repository.parent.parent):
            sync_folder(folder)


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
            Message(
                "The request key of this site is missing in %(trust_folder)s. Restore it from a backup, or enrol "
                "the site again with a new enrolment string.",
                trust_folder=trust_folder,
            )
        )
    hosting = settings.effective().settings.hosting
    return connect(hosting.url or enrolled.url, Identity(key, enrolled.site_id), hosting, traffic)


def connect(url: str, identity: Identity, hosting: HostingSettings, traffic: TrafficByPurpose | None = None) -> HostingClient:
    """Return a client with certificate authority and proxy as set; `traffic` counts its calls. Raises SettingsError."""
    return HostingClient(url, identity, ConnectionSettings.from_settings(hosting), traffic=traffic)
