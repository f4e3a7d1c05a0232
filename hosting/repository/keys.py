"""Keys of people, in files with a passphrase or by a URI of securesystemslib, and those of the server, in its folder `keys`."""

import getpass
import json
import logging
import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from securesystemslib.exceptions import Error as LibraryError
from securesystemslib.signer import SIGNER_FOR_URI_SCHEME, CryptoSigner, Key, Signer, SSlibKey

from appliance.common.files import write_atomic
from hosting.errors import RepositoryError
from hosting.signing.form import require_named
from hosting.signing.key_encryption import encrypted
from hosting.signing.passphrase import require_strong

PROBE = b"which of these keys is this?"

Passphrase = Callable[[], str]


def silence_library() -> None:
    """Keep the library off standard error: on import it adds a handler, and what it has to say comes as an error, too."""
    library = logging.getLogger("securesystemslib")
    library.handlers.clear()
    library.setLevel(logging.CRITICAL)


def make_key(name: str, folder: Path, passphrase: Passphrase) -> tuple[Path, Path]:
    """Make NAME.key (Ed25519, encrypted with the passphrase) and NAME.pub in `folder`. RepositoryError when there is one."""
    private, public = folder / f"{name}.key", folder / f"{name}.pub"
    if not name or "/" in name or name.startswith("."):
        raise RepositoryError(f"{name!r} is no name for a key. Use letters, digits and hyphens.")
    for path in (private, public):
        if path.exists():
            raise RepositoryError(f"{path} exists already, and a key is never overwritten. Choose another name.")
    signer = CryptoSigner.generate_ed25519()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_atomic(private, encrypted(signer._private_key, passphrase()))  # noqa: SLF001 - the library gives it away unencrypted only
    write_atomic(public, write_public(signer.public_key), mode=0o644)
    return private, public


def write_public(key: Key, uri: str | None = None) -> bytes:
    """Return the content of a .pub file; `uri` says where the private half is, when that is no file."""
    return json.dumps({"keyid": key.keyid, **key.to_dict(), **({"uri": uri} if uri else {})}, indent=1).encode() + b"\n"


def read_public(path: Path) -> tuple[Key, str | None]:
    """Return the key of a .pub file, and the URI of its private half. Raises RepositoryError."""
    try:
        value = json.loads(path.read_bytes())
        uri = value.pop("uri", None)
        key = Key.from_dict(value.pop("keyid"), value)
        _require_named(path, key)
    except OSError as error:
        raise RepositoryError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise RepositoryError(f"{path} is no public key. Give the .pub file that `dca-hosting keys new` wrote.") from error
    return key, uri


def _require_named(path: Path, key: Key) -> None:
    try:
        require_named({key.keyid: key})
    except ValueError as error:
        raise RepositoryError(f"{path} is no public key to sign with: {error}. Ask its owner for the .pub file anew.") from error


def passphrase_reader(file: Path | None, subject: str, *, new: bool = False) -> Passphrase:
    """Return what gets a passphrase: from a file, else from the person at the terminal, asked once for all keys.

    One for a `new` key is judged, and asked twice.
    """
    known: list[str] = []

    def read() -> str:
        if not known:
            known.append(_from_file(file) if file else _asked(subject, new=new))
            if new:
                require_strong(known[0])
        return known[0]

    return read


def is_uri(where: str) -> bool:
    """Whether a key is named by a URI of securesystemslib, and not by its file."""
    scheme, colon, _ = where.partition(":")
    return bool(colon) and scheme in SIGNER_FOR_URI_SCHEME and not Path(where).exists()


def load_signer(where: str, candidates: Iterable[Key], passphrase: Passphrase) -> Signer:
    """Return the signer of a key that is named by a file or a URI, and is one of the candidates. Raises RepositoryError."""
    candidates = list(candidates)
    if is_uri(where):
        return _signer_of_uri(where, candidates, passphrase)
    signer = _signer_of_file(Path(where), passphrase)
    for key in candidates:
        if isinstance(key, SSlibKey) and key.keyval == signer.public_key.keyval:
            return CryptoSigner(signer._private_key, key)  # noqa: SLF001 - its scheme is the one that was named
    raise RepositoryError(f"The key {where} is none of those that may sign this. Use one of {_names(candidates)}.")


class OnlineKeys:
    """The private keys of the server, by the id of the key: a file without passphrase, or a URI."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make(self) -> Key:
        """Make a key and return its public half."""
        signer = CryptoSigner.generate_ed25519()
        self._keep(f"{signer.public_key.keyid}.key", signer.private_bytes)
        return signer.public_key

    def keep_uri(self, key: Key, uri: str) -> None:
        """Note where the private half of a key is."""
        self._keep(f"{key.keyid}.uri", uri.encode())

    def signer(self, key: Key) -> Signer:
        """Return the signer of a key. Raises RepositoryError when it is not here or cannot be used."""
        file, uri = self._folder / f"{key.keyid}.key", self._folder / f"{key.keyid}.uri"
        try:
            if uri.exists():
                return Signer.from_priv_key_uri(uri.read_text(), key)
            if stat.S_IMODE(file.stat().st_mode) & 0o077:
                raise RepositoryError(f"{file} may be read by others. Run: chmod 600 {file}")
            signer = CryptoSigner(serialization.load_pem_private_key(file.read_bytes(), None))
            if not isinstance(key, SSlibKey) or signer.public_key.keyval != key.keyval:
                raise ValueError("it is another key")
            return CryptoSigner(signer._private_key, key)  # noqa: SLF001 - as above
        except FileNotFoundError as error:
            raise RepositoryError(f"The private key {key.keyid[:8]} is not in {self._folder}. Restore it, or rotate it.") from error
        except (LibraryError, UnsupportedAlgorithm, ValueError, TypeError, ImportError) as error:
            raise RepositoryError(f"The private key {key.keyid[:8]} in {self._folder} cannot be used: {error}.") from error

    def try_out(self, key: Key) -> None:
        """Raise RepositoryError unless the private half of a key is here and makes signatures that are valid."""
        try:
            key.verify_signature(self.signer(key).sign(PROBE), PROBE)
        except RepositoryError:
            raise
        except Exception as error:
            raise RepositoryError(f"The private key {key.keyid[:8]} of {self._folder} cannot sign: {error}.") from error

    def _keep(self, name: str, content: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomic(self._folder / name, content)


def _signer_of_file(path: Path, passphrase: Passphrase) -> CryptoSigner:
    try:
        content = path.read_bytes()
        if b"PUBLIC KEY-----" in content:
            raise RepositoryError(f"{path} is a public key, which cannot sign. Give the file that ends in .key.")
        try:
            private = serialization.load_pem_private_key(content, None)
        except TypeError:  # it is encrypted
            private = serialization.load_pem_private_key(content, passphrase().encode())
        return CryptoSigner(private)
    except OSError as error:
        raise RepositoryError(f"The key {path} cannot be read: {error.strerror}.") from error
    except (UnsupportedAlgorithm, ValueError) as error:
        raise RepositoryError(f"The key {path} cannot be used: it is no PEM key, or the passphrase is not its own.") from error


def _signer_of_uri(uri: str, candidates: list[Key], passphrase: Passphrase) -> Signer:
    """Return the signer whose signature is that of a candidate: a URI does not say which key it is."""
    reasons = []
    for key in candidates:
        try:
            signer = Signer.from_priv_key_uri(uri, key, lambda _what: passphrase())
            key.verify_signature(signer.sign(PROBE), PROBE)
        except Exception as error:  # noqa: BLE001 - each scheme has errors of its own, and libraries of its own
            reasons.append(str(error) or type(error).__name__)
            continue
        return signer
    raise RepositoryError(
        f"The key {uri} is none of those that may sign this, or it cannot be used ({'; '.join(dict.fromkeys(reasons))}). "
        f"Use one of {_names(candidates)}."
    )


def _names(keys: Iterable[Key]) -> str:
    return ", ".join(key.keyid[:8] for key in keys)


def _from_file(file: Path) -> str:
    try:
        passphrase = file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise RepositoryError(f"The passphrase file {file} cannot be read: {reason}.") from error
    return _usable(passphrase)


def _asked(subject: str, *, new: bool) -> str:
    if not os.isatty(0):
        raise RepositoryError(f"The passphrase of {subject} is needed, and there is no terminal to ask on. Give --passphrase-file.")
    try:
        passphrase = _usable(getpass.getpass(f"Passphrase of {subject}: "))
        again = getpass.getpass("The same again: ") if new else passphrase
    except EOFError as error:
        raise RepositoryError(f"No passphrase of {subject} was given. Nothing was made; run the command again.") from error
    if again != passphrase:
        raise RepositoryError("The two passphrases differ. Nothing was made; run the command again.")
    return passphrase


def _usable(passphrase: str) -> str:
    if not passphrase:
        raise RepositoryError("The passphrase is empty. Choose one.")
    return passphrase
