"""Who a device is."""
