"""Bags, metrics, reports: what is recorded of a session, and what is read from a recording."""
