"""Migrations to the tables in `records/schema.py`, one version after another."""
