"""The forms of SNMP credentials. What is secret is taken and never shown again."""

from collections.abc import Callable
from typing import Any, Final

from pydantic import ValidationError

from appliance.common.message import Message
from appliance.settings.model import CommunityCredential, SnmpCredential, UserCredential
from appliance.settings.validation import ended, problems
from webui.forms import Form, lines

USER_PREFIX: Final = "v3_"
"""Before the names of the fields of an SNMPv3 user: both forms stand on one page."""
USER_FIELDS: Final = ("name", "user", "auth_protocol", "priv_protocol", "context_name", "ranges")
USER_SECRETS: Final = ("auth_passphrase", "priv_passphrase")
NEW_USER: Final = {"v3_auth_protocol": "SHA-256", "v3_priv_protocol": "AES-128"}

Argument = Callable[[str], str]
"""Returns the text of a field as it was sent, empty when it was not."""


def take_community(argument: Argument) -> tuple[Form, CommunityCredential | None]:
    """Return the form of an SNMPv1 or SNMPv2c credential and, when it is complete, the credential."""
    values = {"name": argument("name")[:60], "version": argument("version") or "2c", "ranges": argument("ranges")}
    form, community = Form(dict(values)), argument("community")
    if not community.strip():
        form.errors["community"] = Message("Type the community, as it is set in the printers.")
    if values["version"] not in ("1", "2c"):
        form.errors["version"] = Message("Choose 1 or 2c.")
    if form.errors:
        return form, None
    sent: dict[str, Any] = {**values, "community": community, "ranges": lines(values["ranges"])}
    try:
        return form, CommunityCredential.model_validate(sent)
    except ValidationError as error:
        _explain(form, error, "")
        return form, None


def take_user(argument: Argument) -> tuple[Form, UserCredential | None]:
    """Return the form of an SNMPv3 user and, when it is complete, the credential."""
    values = {field: argument(USER_PREFIX + field) for field in USER_FIELDS}
    form = Form({USER_PREFIX + field: text for field, text in values.items()})
    sent: dict[str, Any] = {**values, "version": "3", "name": values["name"][:60], "ranges": lines(values["ranges"])}
    sent |= {field: argument(USER_PREFIX + field) for field in USER_SECRETS}
    if not values["user"].strip():
        form.errors[f"{USER_PREFIX}user"] = Message("Type the name of the user, as it is set in the printers.")
        return form, None
    try:
        return form, UserCredential.model_validate(sent)
    except ValidationError as error:
        _explain(form, error, USER_PREFIX)
        return form, None


def _explain(form: Form, error: ValidationError, prefix: str) -> None:
    for path, message in problems(error):
        field = path.partition(".")[0]
        form.errors[prefix + field if field else ""] = ended(message)


def described(credential: SnmpCredential) -> dict[str, str]:
    """Return what the list shows of a credential; no secret is among it."""
    how = "hidden"
    if isinstance(credential, UserCredential):
        how = f"{credential.user}, {credential.auth_protocol}, {credential.priv_protocol}"
    return {"name": credential.name, "version": credential.version, "how": how, "ranges": ", ".join(credential.ranges)}
