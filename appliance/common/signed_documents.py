"""What all signed documents name alike: groups of sites, and what a site has of them."""

import re

NO_MARKER = "none"
"""The marker of a site that has received nothing."""

GROUP_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
