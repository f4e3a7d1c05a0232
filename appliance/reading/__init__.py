"""What a device says about itself: from SNMP objects to a `report.Reading`. Pure, but for `device`, which asks."""
