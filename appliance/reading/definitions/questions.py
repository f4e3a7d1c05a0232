"""What to ask a device for, by the definitions that apply to it. Pure."""

from collections.abc import Sequence

from appliance.reading.definitions.vendor import Vendor
from appliance.snmp.values import Oid

LEVELS = "supplies.level"
"""That no row of the standard table leaves its level open: then no document is asked for."""


def questions(vendor: Vendor, known: Sequence[str]) -> tuple[list[Oid], list[Oid]]:
    """Return the instances and the columns to ask a device for; `known` are the items the standard objects have told."""
    scalars: list[Oid] = []
    columns: list[Oid] = []
    for each in vendor.applying:
        content = each.content
        for spec in content.objects:
            if vendor.applies(spec) and (spec.prefer or spec.gives not in known):
                scalars += spec.oid
        scalars += [spec.oid for spec in content.records if vendor.applies(spec)]
        for tables in (content.tables, content.papers, content.supply_tables):
            for table in tables:
                if vendor.applies(table):
                    columns += [oid for _, oid in table.columns if oid is not None]
        if LEVELS not in known:
            columns += [spec.columns.text for spec in content.documents if vendor.applies(spec)]
    return scalars, columns
