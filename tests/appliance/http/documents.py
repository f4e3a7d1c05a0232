"""Answers of devices, written for the tests: IPP in octets, LEDM documents."""

import struct
from collections.abc import Mapping, Sequence

INTEGER, ENUM, BOOLEAN, OCTETS, RANGE, TEXT, NAME, KEYWORD, URI = 0x21, 0x23, 0x22, 0x30, 0x33, 0x41, 0x42, 0x44, 0x45


def attribute(tag: int, name: str, *values: bytes | str | int) -> bytes:
    """Return an attribute with its values (further values have no name)."""
    encoded = b""
    for position, value in enumerate(values):
        octets = struct.pack(">i", value) if isinstance(value, int) else value.encode() if isinstance(value, str) else value
        own = name.encode() if position == 0 else b""
        encoded += struct.pack(">BH", tag, len(own)) + own + struct.pack(">H", len(octets)) + octets
    return encoded


def collection(name: str, members: Mapping[str, int]) -> bytes:
    """Return an attribute that is a collection of integers."""
    inside = b"".join(attribute(0x4A, "", member) + attribute(INTEGER, "", value) for member, value in members.items())
    return attribute(0x34, name, b"") + inside + attribute(0x37, "", b"")


def ipp_answer(*attributes: bytes, status: int = 0, request_id: int = 1) -> bytes:
    """Return an answer with one group of printer attributes."""
    head = struct.pack(">BBHIB", 1, 1, status, request_id, 0x01) + attribute(0x47, "attributes-charset", "utf-8")
    return head + b"\x04" + b"".join(attributes) + b"\x03"


FULL_IPP = ipp_answer(
    attribute(TEXT, "printer-make-and-model", "Brother HL-L2350DW series"),
    attribute(TEXT, "printer-device-id", "MFG:Brother;CMD:PJL,PCL;MDL:HL-L2350DW series;CLS:PRINTER;SN:E78098A9N123456;"),
    attribute(ENUM, "printer-state", 3),
    attribute(KEYWORD, "printer-state-reasons", "toner-low-warning", "media-empty-warning"),
    attribute(TEXT, "printer-location", "Room 7"),
    attribute(TEXT, "printer-firmware-string-version", "ZF"),
    attribute(URI, "printer-uuid", "urn:uuid:e3248000-80ce-11db-8000-0123456789ab"),
    attribute(INTEGER, "printer-impressions-completed", 5120),
    attribute(INTEGER, "printer-media-sheets-completed", 4000),
    attribute(
        OCTETS,
        "printer-supply",
        "index=1;class=supplyThatIsConsumed;type=toner;unit=percent;maxcapacity=100;level=40;colorantname=black;",
        "index=2;class=receptacleThatIsFilled;type=wasteToner;unit=percent;maxcapacity=100;level=25;colorantname=unknown;",
        "index=3;class=supplyThatIsConsumed;type=opc;unit=impressions;maxcapacity=12000;level=-3;colorantname=none;",
    ),
    attribute(TEXT, "printer-supply-description", "Black Toner Cartridge", "Waste Toner Box", "Drum Unit"),
    attribute(
        OCTETS,
        "printer-input-tray",
        "type=sheetFeedAutoRemovableTray;mediafeed=0;mediaxfeed=0;maxcapacity=250;level=100;status=0;name=Tray 1;",
    ),
)


def ledm(document: str, content: str) -> bytes:
    """Return a LEDM document; `content` writes `p:` for elements of the document's own, `dd:` for those of the dictionary."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><p:{document} xmlns:p="urn:test:{document}" xmlns:dd="urn:test:dictionary">'
        f"<dd:Version><dd:Revision>SCHEMA-1</dd:Revision></dd:Version>{content}</p:{document}>"
    ).encode()


CONFIG = ledm(
    "ProductConfigDyn",
    "<p:ProductInformation><dd:MakeAndModel>HP Color LaserJet M255dw</dd:MakeAndModel><dd:SerialNumber>VNB3K00001</dd:SerialNumber>"
    "<dd:Version><dd:Revision>20200612</dd:Revision><dd:Date>2020-06-12</dd:Date></dd:Version></p:ProductInformation>",
)
USAGE = ledm(
    "ProductUsageDyn",
    "<p:PrinterSubunit><dd:TotalImpressions PEID='5082'>5000</dd:TotalImpressions>"
    "<dd:MonochromeImpressions>3000</dd:MonochromeImpressions><dd:ColorImpressions>2000</dd:ColorImpressions>"
    "<dd:DuplexSheets>700</dd:DuplexSheets></p:PrinterSubunit>"
    "<p:ScannerEngineSubunit><dd:AdfImages>40</dd:AdfImages><dd:FlatbedImages>2</dd:FlatbedImages></p:ScannerEngineSubunit>"
    "<p:CopyApplicationSubunit><dd:TotalImpressions>90</dd:TotalImpressions></p:CopyApplicationSubunit>"
    "<p:FaxApplicationSubunit><dd:TotalImpressions>8</dd:TotalImpressions></p:FaxApplicationSubunit>"
    "<p:MobileApplicationSubunit><dd:RemoteDeviceType>phone of someone</dd:RemoteDeviceType></p:MobileApplicationSubunit>",
)


def consumable(label: str, level: int, serial: str, *, kind: str = "toner", product: str = "") -> str:
    """Return a ConsumableInfo, with the cartridge before it inside."""
    return (
        f"<p:ConsumableInfo><dd:ConsumableLabelCode>{label}</dd:ConsumableLabelCode>"
        f"<dd:ConsumableTypeEnum>{kind}</dd:ConsumableTypeEnum>"
        f"<dd:PreviousCartridgeData><dd:SerialNumber>OLD-{label}</dd:SerialNumber>"
        "<dd:ConsumablePercentageLevelRemaining>1</dd:ConsumablePercentageLevelRemaining></dd:PreviousCartridgeData>"
        f"<dd:ConsumablePercentageLevelRemaining>{level}</dd:ConsumablePercentageLevelRemaining>"
        f"<dd:ProductNumber>{product}</dd:ProductNumber><dd:SerialNumber>{serial}</dd:SerialNumber></p:ConsumableInfo>"
    )


CONSUMABLES = ledm(
    "ConsumableConfigDyn",
    consumable("K", 80, "9012345", product="W2110A")
    + consumable("C", 9, "9012346", product="W2111A")
    + consumable("M", 255, "0000000", product="W2113A")
    + consumable("CMYK", 255, "", kind="printhead"),
)
LEDM: Mapping[str, bytes] = {
    "/DevMgmt/ProductConfigDyn.xml": CONFIG,
    "/DevMgmt/ProductUsageDyn.xml": USAGE,
    "/DevMgmt/ConsumableConfigDyn.xml": CONSUMABLES,
}
PATHS: Sequence[str] = tuple(LEDM)
