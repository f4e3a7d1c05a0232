"""What crosses the network: the way out to other servers, where requests come from, what both cost, and ports of devices."""
