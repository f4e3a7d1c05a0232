"""The process of the collector: its plan, its control socket, and what it tells of the site."""
