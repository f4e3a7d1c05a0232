"""What is to be asked for because of what a device has just said, with the rest of what it is asked."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from appliance.snmp.values import Objects, Oid


class More(NamedTuple):
    """Further scalars and columns."""

    scalars: Sequence[Oid]
    columns: Sequence[Oid]
    rows: Mapping[Oid, int]
    """How many rows tables are likely to have, by the OID of the entry: that saves bytes and changes nothing else."""


Following = Callable[[Objects], More]
"""Called after each answer with the objects that were read until then."""
