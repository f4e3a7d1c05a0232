"""Whole fleets of sites: `dca-simulator sites` acts as many enrolled appliances, through the appliance's own client."""
