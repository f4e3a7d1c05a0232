"""Signed configuration: which documents there are for this site, and what is done with them."""
