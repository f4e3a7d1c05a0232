"""SNMPv3: users, engines, and an exchange as a user."""
