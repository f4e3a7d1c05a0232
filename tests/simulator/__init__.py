"""The simulator, asked by the tools of net-snmp: an implementation that is not ours."""
