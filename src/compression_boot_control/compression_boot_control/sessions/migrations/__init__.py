"""Migrations of the journal, run by `journal_schema`."""
