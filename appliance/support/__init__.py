"""What people far away need to help: the support bundle, and what may be in it."""
