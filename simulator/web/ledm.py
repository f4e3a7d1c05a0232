"""HP LEDM: the status documents of HP printers, made of the description of the printer."""

from collections.abc import Callable
from xml.sax.saxutils import escape

from simulator.models import Supply
from simulator.printing import Printing

_NAMESPACE = "http://www.hp.com/schemas/imaging/con/ledm"
_LABELS = {"black": "K", "cyan": "C", "magenta": "M", "yellow": "Y"}
_TYPES = {"toner": "toner", "tonerCartridge": "tonerCartridge", "ink": "ink", "inkCartridge": "inkCartridge"}


def product_config(printing: Printing, _seconds: float) -> bytes:
    """Return who the printer is."""
    device = printing.model.device
    return _document(
        "ProductConfigDyn",
        "<prdcfgdyn:ProductInformation>"
        f"{_element('MakeAndModel', device.description)}{_element('SerialNumber', device.serial)}"
        f"<dd:Version>{_element('Revision', device.firmware)}</dd:Version>"
        "</prdcfgdyn:ProductInformation>"
        # What such documents tell of people, too, and nobody keeps.
        f"<prdcfgdyn:DeviceContact>{_element('ContactPerson', device.contact)}</prdcfgdyn:DeviceContact>",
    )


def product_usage(printing: Printing, seconds: float) -> bytes:
    """Return what the printer has counted."""
    total = sum(printing.life_count(marker, seconds) for marker in printing.model.markers)
    return _document(
        "ProductUsageDyn",
        f"<prdcfgdyn:PrinterSubunit>{_element('TotalImpressions', total)}</prdcfgdyn:PrinterSubunit>"
        "<prdcfgdyn:MobileApplicationSubunit>"
        f"{_element('RemoteDeviceType', 'phone of m.keller')}</prdcfgdyn:MobileApplicationSubunit>",
    )


def consumables(printing: Printing, seconds: float) -> bytes:
    """Return what is consumed."""
    rows = (_consumable(printing, index, row, seconds) for index, row in enumerate(printing.model.supplies, 1))
    return _document("ConsumableConfigDyn", "".join(rows))


DOCUMENTS: dict[str, Callable[[Printing, float], bytes]] = {
    "/DevMgmt/ProductConfigDyn.xml": product_config,
    "/DevMgmt/ProductUsageDyn.xml": product_usage,
    "/DevMgmt/ConsumableConfigDyn.xml": consumables,
}
"""Those there are, by their paths."""


def _consumable(printing: Printing, index: int, row: Supply, seconds: float) -> str:
    level = printing.level(row, seconds)
    percent = 100 * level // row.capacity if level >= 0 and row.capacity > 0 else 255
    return (
        "<prdcfgdyn:ConsumableInfo>"
        f"{_element('ConsumableLabelCode', _LABELS.get(row.color, 'K'))}{_element('ConsumableStation', index)}"
        f"{_element('ConsumableTypeEnum', _TYPES.get(row.type, 'other'))}"
        f"{_element('ConsumablePercentageLevelRemaining', percent)}"
        f"{_element('ProductNumber', row.description.split()[-1])}{_element('SerialNumber', row.chip_serial)}"
        "</prdcfgdyn:ConsumableInfo>"
    )


def _element(name: str, content: str | int) -> str:
    return f"<dd:{name}>{escape(str(content))}</dd:{name}>"


def _document(name: str, content: str) -> bytes:
    namespaces = f'xmlns:prdcfgdyn="{_NAMESPACE}/{name.lower()}/2007/11/05" xmlns:dd="{_NAMESPACE}/dictionaries/2007/10/01"'
    return f'<?xml version="1.0" encoding="UTF-8"?><prdcfgdyn:{name} {namespaces}>{content}</prdcfgdyn:{name}>'.encode()
