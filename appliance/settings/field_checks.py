"""Which texts single settings take, and in which form they are kept. Pure."""

import re

from pydantic import SecretStr

from appliance.common.message import Message

_URL = re.compile(r"^https?://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:(?P<port>[0-9]{1,5}))?(/[^\s?#]*)?$")


def check_hex(text: str) -> str:
    """Return bytes written in hex, `0x` and separators taken away. Raises ValueError, without repeating what may be a secret."""
    digits = re.sub(r"[\s:-]", "", text).lower().removeprefix("0x")
    if not re.fullmatch(r"(?:[0-9a-f]{2})*", digits):
        raise ValueError(Message("these are no bytes in hex, such as 80001f8804"))
    return digits


def check_url(text: str) -> str:
    """Return a web address without a slash at its end, or nothing. Raises ValueError."""
    if re.match(r"^[^/]*//[^/]*@", text):
        # Not repeated in the sentence: what stands before the @ may be a password.
        raise ValueError(Message("a web address with a user or password in it cannot be used; leave out what stands before the @"))
    match = _URL.match(text)
    if text and (not match or int(match["port"] or 1) not in range(1, 65536)):
        raise ValueError(Message("%(text)s is no web address. Write https://NAME, with :PORT where it is not 443", text=repr(text)))
    return text.rstrip("/")


def check_metrics_token(secret: SecretStr) -> SecretStr:
    """Return a token that can be sent and not be guessed. Raises ValueError, without repeating it."""
    token = secret.get_secret_value()
    if token and not re.fullmatch(r"[A-Za-z0-9._~+/=-]{20,200}", token):
        raise ValueError(Message("must be 20 to 200 letters, digits or ._~+/=-; `openssl rand -hex 20` makes one"))
    return secret


def check_base_path(text: str) -> str:
    """Return the path below which the web UI lies, without a slash at its end; nothing for the root. Raises ValueError."""
    path = text.strip().rstrip("/")
    if not re.fullmatch(r"(/[A-Za-z0-9._~-]+)*", path):
        raise ValueError(
            Message(
                "%(text)s is no path of a web address. Write /NAME, for example /dca, of letters, digits and ._~-; nothing where "
                "the web UI is not below a path",
                text=repr(text),
            )
        )
    return path
