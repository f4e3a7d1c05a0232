"""Tests of the SNMP client, over real sockets."""
