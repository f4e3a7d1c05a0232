"""The demo: simulated printers, a hosting server and an appliance on this machine, as processes that speak to each other.

Nothing of the product is imported: what the demo knows, it knows from their commands, their log and the hosting server's API.
"""
