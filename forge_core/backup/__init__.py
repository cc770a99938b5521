"""Backups of a workspace, and what is copied from one database to another."""
