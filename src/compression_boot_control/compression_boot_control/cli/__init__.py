"""The `boots` command."""
