"""Migrations: how a database gets to the tables of `records/schema.py`, one version after another."""
