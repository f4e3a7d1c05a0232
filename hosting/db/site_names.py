"""How a site can be called, and what it is to be called from now on."""

import re

import sqlalchemy as sa

from appliance.common.message import Message
from appliance.common.plain import is_plain
from hosting.db import audit
from hosting.db.sites import Site
from hosting.db.tables import site, site_name
from hosting.db.upsert import insert_new
from hosting.errors import ConfigurationError

LONGEST_NAME = 100
NAME_RULE = Message("Give the site a name of 1 to 100 characters that all show, and that is no site id.")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def is_name(text: str) -> bool:
    """Return whether a site can be called so: not as another site's id is, since commands take either."""
    return 1 <= len(text) <= LONGEST_NAME and is_plain(text) and not _ID.fullmatch(text)


def rename(connection: sa.Connection, known: Site, name: str, *, actor: str, address: str = "") -> None:
    """Give a site another name. Raises ConfigurationError for what is no name, and for that of another site."""
    name = name.strip()
    if name == known.name:
        return
    if not is_name(name):
        raise ConfigurationError(NAME_RULE)
    if insert_new(connection, site_name, [{"name": name, "site_id": known.site_id}]) == 0:
        raise ConfigurationError(Message("There is another site called %(name)s. Choose another name.", name=repr(name)))
    connection.execute(sa.update(site).where(site.c.site_id == known.site_id).values(name=name))
    connection.execute(sa.delete(site_name).where(site_name.c.name == known.name))
    audit.note(connection, actor, "renamed", f"{known.name} is {name} now", site_id=known.site_id, address=address)
