"""For whom a configuration is: all sites, one group of them, one site. Pure."""

from dataclasses import dataclass

from appliance.common.message import Message
from appliance.common.signed_documents import GROUP_NAME
from appliance.settings.document import GLOBAL_PATH, ReceivedLayerName, group_path, site_path
from hosting.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Scope:
    """One document: its path in the repository, the layer it is at a site, and how people call it."""

    path: str
    layer: ReceivedLayerName
    title: str


EVERYBODY = Scope(GLOBAL_PATH, "global", Message("all sites"))


def group_scope(name: str) -> Scope:
    """Return the scope of a group. Raises ConfigurationError for what cannot be its name."""
    if not GROUP_NAME.fullmatch(name):
        raise ConfigurationError(
            Message(
                "%(name)s cannot be the name of a group. Use up to 63 small letters, digits and hyphens, for example north-west.",
                name=repr(name[:80]),
            )
        )
    return Scope(group_path(name), "group", Message("group %(name)s", name=name))


def site_scope(site_id: str, name: str) -> Scope:
    """Return the scope of one site."""
    return Scope(site_path(site_id), "assigned", Message("site %(name)s", name=name))
