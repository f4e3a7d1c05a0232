"""What the web interfaces of the site and of the hosting server share."""
