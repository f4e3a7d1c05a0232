"""How many there are: counted where that is soon done, else as counted a moment ago by a job, or at least how many."""

from collections.abc import Mapping

import sqlalchemy as sa

from appliance.common.clock import utc_now
from hosting.db import fleet
from hosting.db.connection.database import Condition
from hosting.db.lists.count import Count, count_up_to
from hosting.db.sites import count_sites
from hosting.db.tables import device_search, site
from hosting.db.tables import tally as table


def devices(connection: sa.Connection) -> Count:
    """Return how many devices there are."""
    counted = count_up_to(connection, sa.select(device_search.c.site_id))
    if counted.is_exact:
        return counted
    by_condition, _ = devices_by_condition(connection, few=False)
    return Count(sum(by_condition.values()), "about")


def devices_by_condition(connection: sa.Connection, *, few: bool | None = None) -> tuple[Mapping[str, int], bool]:
    """Return how many devices are in each condition, and whether they were counted just now."""
    if few is None:
        few = count_up_to(connection, sa.select(device_search.c.site_id)).is_exact
    told = {} if few else _told(connection, "devices")
    return (told, False) if told else (fleet.count_devices(connection), few)


def sites_by(connection: sa.Connection, conditions: Mapping[str, Condition]) -> tuple[Mapping[str, int], bool]:
    """Return how many sites meet each condition, and whether they were counted just now."""
    few = count_up_to(connection, sa.select(site.c.site_id)).is_exact
    told = {} if few else _told(connection, "sites")
    if told.keys() >= conditions.keys():
        return {name: told[name] for name in conditions}, False
    return count_sites(connection, conditions), few


def _told(connection: sa.Connection, what: str) -> dict[str, int]:
    chosen = sa.select(table.c.name, table.c.rows).where(table.c.name.startswith(f"{what}:"))
    return {name.partition(":")[2]: rows for name, rows in connection.execute(chosen)}


def count_all(connection: sa.Connection, sites: Mapping[str, Condition]) -> int:
    """Count the devices by their condition and the sites by these conditions; return how many counts there are."""
    now = utc_now()
    counts = {f"devices:{name}": rows for name, rows in fleet.count_devices(connection).items()}
    counts |= {f"sites:{name}": rows for name, rows in count_sites(connection, sites).items()}
    connection.execute(sa.delete(table))
    connection.execute(sa.insert(table), [{"name": name, "rows": rows, "counted_at": now} for name, rows in counts.items()])
    return len(counts)
