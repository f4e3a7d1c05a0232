"""The masks of a site in words, for whoever has to know what is in force."""

from appliance.common.message import Message, joined, sentences
from appliance.settings.model import PrivacySettings

_TITLES = {
    "ip_address": Message("IP addresses"),
    "host_name": Message("Host names"),
    "mac": Message("MAC addresses"),
    "location": Message("Locations"),
    "asset_number": Message("Asset numbers"),
    "console": Message("Texts of the panel"),
    "phone_numbers": Message("Phone numbers in any text"),
}
_FORMS = {
    "mask": Message("left out"),
    "mask_last_octet": Message("without the last part"),
    "pseudonym": Message("as a pseudonym"),
}


def masks_in_words(settings: PrivacySettings) -> str:
    """Return which masks are in force and what is sent as it is, in two sentences."""
    modes = {name: getattr(settings, name) for name in _TITLES}
    masked = [
        Message("%(what)s (%(form)s)", what=_TITLES[name], form=_FORMS[mode]) for name, mode in modes.items() if mode != "send"
    ]
    masked += [Message("%(what)s (%(form)s)", what=path, form=_FORMS["mask"]) for path in settings.fields]
    sent = [_TITLES[name] for name, mode in modes.items() if mode == "send"]
    return sentences(
        Message("Masked: %(what)s.", what=joined(*masked, between=", ")) if masked else Message("Nothing is masked."),
        Message("Sent as they are: %(what)s.", what=joined(*sent, between=", ")) if sent else "",
    )
