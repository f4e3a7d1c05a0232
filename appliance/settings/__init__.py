"""What can be set, who set it (built-in default, hosting server, site, environment), and where it is kept."""
