"""What a monitoring system reads of a server process, in the text format of Prometheus: no label names a site or a person."""
