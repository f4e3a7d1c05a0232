"""A vendor that no built-in definition knows, and its only device."""

from tests.appliance.definitions.device import HEAD, P

DEFINITION = f"""{HEAD}
[match]
imaging = ["{P}.32473.7"]

[[object]]
name = "acmeSerial"
oid = "{P}.32473.1.2.0"
gives = "device.serial"
evidence = "A"
"""
