"""Object identifiers and enumerations a printer answers with: RFC 1213, RFC 2790, RFC 2863, RFC 3805, RFC 6933, PWG 5107.1."""

from simulator.ber import Oid

MIB_2: Oid = (1, 3, 6, 1, 2, 1)
SYSTEM: Oid = (*MIB_2, 1)
IF_NUMBER: Oid = (*MIB_2, 2, 1, 0)
IF_ENTRY: Oid = (*MIB_2, 2, 2, 1)
IF_X_ENTRY: Oid = (*MIB_2, 31, 1, 1, 1)
IP_ADDRESS_ENTRY: Oid = (*MIB_2, 4, 20, 1)
IP_NET_TO_MEDIA_ENTRY: Oid = (*MIB_2, 4, 22, 1)
TCP_CONNECTION_ENTRY: Oid = (*MIB_2, 6, 13, 1)
HR_SYSTEM: Oid = (*MIB_2, 25, 1)
HR_MEMORY_SIZE: Oid = (*MIB_2, 25, 2, 2, 0)
HR_DEVICE_ENTRY: Oid = (*MIB_2, 25, 3, 2, 1)
HR_DEVICE_PRINTER: Oid = (*MIB_2, 25, 3, 1, 5)
HR_DEVICE_NETWORK: Oid = (*MIB_2, 25, 3, 1, 4)
HR_PRINTER_ENTRY: Oid = (*MIB_2, 25, 3, 5, 1)
HR_SOFTWARE_RUN_ENTRY: Oid = (*MIB_2, 25, 4, 2, 1)
ENTITY_ENTRY: Oid = (*MIB_2, 47, 1, 1, 1, 1)
PRINTER: Oid = (*MIB_2, 43)
GENERAL_ENTRY: Oid = (*PRINTER, 5, 1, 1)
COVER_ENTRY: Oid = (*PRINTER, 6, 1, 1)
LOCALIZATION_ENTRY: Oid = (*PRINTER, 7, 1, 1)
INPUT_ENTRY: Oid = (*PRINTER, 8, 2, 1)
OUTPUT_ENTRY: Oid = (*PRINTER, 9, 2, 1)
MARKER_ENTRY: Oid = (*PRINTER, 10, 2, 1)
SUPPLIES_ENTRY: Oid = (*PRINTER, 11, 1, 1)
COLORANT_ENTRY: Oid = (*PRINTER, 12, 1, 1)
INTERPRETER_ENTRY: Oid = (*PRINTER, 15, 1, 1)
CONSOLE_TEXT_ENTRY: Oid = (*PRINTER, 16, 5, 1)
CONSOLE_LIGHT_ENTRY: Oid = (*PRINTER, 17, 6, 1)
ALERT_ENTRY: Oid = (*PRINTER, 18, 1, 1)
PWG: Oid = (1, 3, 6, 1, 4, 1, 2699, 1)
PPM_PRINTER_ENTRY: Oid = (*PWG, 2, 1, 2, 1, 1)
JOB_ENTRY: Oid = (*PWG, 1, 1, 3, 1, 1)
JOB_ATTRIBUTE_ENTRY: Oid = (*PWG, 1, 1, 4, 1, 1)
SNMP_SET_SERIAL: Oid = (1, 3, 6, 1, 6, 3, 1, 1, 6, 1, 0)

PRIVATE_TO_PEOPLE: tuple[Oid, ...] = (
    IP_NET_TO_MEDIA_ENTRY[:-1],  # whom the printer talks to
    TCP_CONNECTION_ENTRY[:-1],
    HR_SOFTWARE_RUN_ENTRY[:-1],
    (*PWG, 1),  # Job Monitoring MIB (RFC 2707): names of documents and of the people who print them
)
"""Subtrees the generated printers answer and a data collection agent must never ask for."""

PRINTER_STATUS = {"other": 1, "unknown": 2, "idle": 3, "printing": 4, "warmup": 5}
DEVICE_STATUS = {"unknown": 1, "running": 2, "warning": 3, "testing": 4, "down": 5}
ERROR_BITS = (
    "lowPaper",
    "noPaper",
    "lowToner",
    "noToner",
    "doorOpen",
    "jammed",
    "offline",
    "serviceRequested",
    "inputTrayMissing",
    "outputTrayMissing",
    "markerSupplyMissing",
    "outputNearFull",
    "outputFull",
    "inputTrayEmpty",
    "overduePreventMaint",
)
"""hrPrinterDetectedErrorState: bit 0 is the most significant one of the first octet."""

SUPPLY_CLASS = {"other": 1, "supplyThatIsConsumed": 3, "receptacleThatIsFilled": 4}
SUPPLY_TYPE = {
    "other": 1,
    "unknown": 2,
    "toner": 3,
    "wasteToner": 4,
    "ink": 5,
    "inkCartridge": 6,
    "inkRibbon": 7,
    "wasteInk": 8,
    "opc": 9,
    "developer": 10,
    "fuser": 15,
    "cleanerUnit": 18,
    "transferUnit": 20,
    "tonerCartridge": 21,
    "staples": 32,
}
SUPPLY_UNIT = {
    "other": 1,
    "unknown": 2,
    "impressions": 7,
    "sheets": 8,
    "tenthsOfGrams": 13,
    "tenthsOfMilliliters": 15,
    "meters": 17,
    "items": 18,
    "percent": 19,
}
COUNTER_UNIT = {"impressions": 7, "sheets": 8, "hours": 11, "feet": 16, "meters": 17}
COLORANT_ROLE = {"process": 3, "spot": 4}
MARK_TECHNOLOGY = {"electrophotographicLED": 3, "electrophotographicLaser": 4, "inkjetAqueous": 12, "thermalTransfer": 16}
INPUT_TYPE = {
    "other": 1,
    "unknown": 2,
    "sheetFeedAutoRemovableTray": 3,
    "sheetFeedAutoNonRemovableTray": 4,
    "sheetFeedManual": 5,
    "continuousRoll": 6,
}
CAPACITY_UNIT = {"sheets": 8, "feet": 16, "meters": 17, "items": 18, "percent": 19}
ALERT_SEVERITY = {"other": 1, "critical": 3, "warning": 4, "warningBinaryChangeEvent": 5}
ALERT_GROUP = {
    "other": 1,
    "generalPrinter": 5,
    "cover": 6,
    "localization": 7,
    "input": 8,
    "output": 9,
    "marker": 10,
    "markerSupplies": 11,
    "markerColorant": 12,
    "mediaPath": 13,
    "channel": 14,
    "interpreter": 15,
    "consoleDisplayBuffer": 16,
    "consoleLights": 17,
    "alert": 18,
}
ALERT_CODE = {
    "other": 1,
    "unknown": 2,
    "coverOpen": 3,
    "coverClosed": 4,
    "jam": 8,
    "subunitMissing": 9,
    "subunitLifeAlmostOver": 10,
    "subunitLifeOver": 11,
    "subunitAlmostEmpty": 12,
    "subunitEmpty": 13,
    "subunitAlmostFull": 14,
    "subunitFull": 15,
    "subunitOffline": 22,
    "subunitPowerSaver": 23,
    "subunitWarmingUp": 24,
    "doorOpen": 501,
    "powerUp": 503,
    "inputMediaSupplyLow": 807,
    "inputMediaSupplyEmpty": 808,
    "markerTonerEmpty": 1101,
    "markerInkEmpty": 1102,
    "markerTonerAlmostEmpty": 1104,
    "markerInkAlmostEmpty": 1105,
    "markerWasteTonerReceptacleAlmostFull": 1107,
    "markerWasteInkReceptacleAlmostFull": 1108,
}
CHARACTER_SET = {"ascii": 3, "latin-1": 4, "utf-8": 106}
"""prtLocalizationCharacterSet: IANA MIBenum by the name of Python's codec."""
