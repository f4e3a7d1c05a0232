"""What all clients ask in the `snmp` benchmark: a GET of 8 objects, and a GETBULK that brings 42."""

from appliance.snmp.values import Oid, parse_oid

COMMUNITY = "public"
IN_FLIGHT = 50
"""Requests on their way at the same time."""

GET: tuple[Oid, ...] = tuple(
    map(
        parse_oid,
        (
            "1.3.6.1.2.1.1.3.0",  # sysUpTime
            "1.3.6.1.2.1.25.3.2.1.5.1",  # hrDeviceStatus
            "1.3.6.1.2.1.25.3.5.1.1.1",  # hrPrinterStatus
            "1.3.6.1.2.1.25.3.5.1.2.1",  # hrPrinterDetectedErrorState
            "1.3.6.1.2.1.43.5.1.1.17.1",  # prtGeneralSerialNumber
            "1.3.6.1.2.1.43.10.2.1.4.1.1",  # prtMarkerLifeCount
            "1.3.6.1.2.1.43.11.1.1.9.1.1",  # prtMarkerSuppliesLevel
            "1.3.6.1.2.1.43.16.5.1.2.1.1",  # prtConsoleDisplayBufferText
        ),
    )
)
SUPPLIES: Oid = parse_oid("1.3.6.1.2.1.43.11.1.1")
COLUMNS: tuple[Oid, ...] = tuple((*SUPPLIES, column) for column in (3, 4, 5, 6, 7, 8, 9))
ROWS = 6
BULK_VARBINDS = len(COLUMNS) * ROWS
CELLS = len(COLUMNS) * (ROWS - 1)
"""What of the GETBULK belongs to the columns."""
PRINTER_MIB: Oid = SUPPLIES[:7]
PRINTER = "06-kyocera-m6635cidn"
"""The simulated printer that answers. It has five supplies: a GETBULK of six rows brings them all, and the end of each column."""
