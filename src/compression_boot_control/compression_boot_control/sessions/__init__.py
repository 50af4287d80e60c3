"""Compression protocols and the rules of their use."""
