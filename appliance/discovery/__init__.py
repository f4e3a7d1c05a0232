"""Who is there: targets, pacing, ICMP and the sweep."""
