"""What printers say over HTTP, beside SNMP: IPP, and the documents of their makers; recorded, or made of their descriptions."""
