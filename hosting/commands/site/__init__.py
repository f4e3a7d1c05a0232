"""`dca-hosting site`: what a site is here, and what becomes of it."""
