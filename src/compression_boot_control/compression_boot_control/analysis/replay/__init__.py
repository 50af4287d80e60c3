"""Recorded readings through today's code, to see whether it decides as it did."""
