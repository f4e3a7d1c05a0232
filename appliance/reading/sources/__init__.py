"""Where readings come from: SNMP objects, IPP attributes and web documents."""
