"""What a device has in stock: supplies and trays."""
