"""Configuration on its way to the sites: read, judged as a site would, compared, signed and published."""
