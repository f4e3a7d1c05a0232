"""SNMP v1 and v2c: request templates, one drained socket, a small BER reader; pysnmp is the authority behind them."""
