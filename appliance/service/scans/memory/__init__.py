"""What scans remember: of devices, of agents, and of the scan that was cut off."""
