"""What a device says about itself."""
