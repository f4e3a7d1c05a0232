"""The login for a registry, from a file: `USER:PASSWORD`, or what `docker login` writes. Never from the command line."""

import base64
import json
from dataclasses import dataclass, field
from pathlib import Path

from hosting.config import read_secret_file
from hosting.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Login:
    """Somebody at a registry."""

    user: str
    password: str = field(repr=False)

    def basic(self) -> str:
        """Return the value of the header Authorization."""
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


def read_login(file: Path, host: str) -> Login:
    """Return the login for a registry. Raises ConfigurationError for a file without one."""
    text = read_secret_file(file, "--credentials")
    if text.lstrip().startswith("{"):
        text = _of_docker(text, file, host)
    user, colon, password = text.strip().partition(":")
    if not colon or not user or "\n" in password:
        raise ConfigurationError(f"{file} has no login. Write USER:PASSWORD into it, or give the config.json of docker login.")
    return Login(user, password)


def _of_docker(text: str, file: Path, host: str) -> str:
    try:
        listed = json.loads(text)["auths"]
        return base64.b64decode(listed[host]["auth"]).decode()
    except KeyError as error:
        raise ConfigurationError(f"{file} has no login for {host}. Log in: docker login {host}") from error
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"{file} cannot be read as the config.json of docker login.") from error
