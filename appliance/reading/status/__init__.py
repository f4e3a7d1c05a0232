"""How a device is: its status and its alerts."""
