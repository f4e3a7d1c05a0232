"""The hosting server: takes in the readings of all sites and shows them."""
