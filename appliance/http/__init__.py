"""Asking devices over HTTP: which ports may be dialled, and one visit to one device."""
