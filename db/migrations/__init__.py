"""The schema's history: one step each from a version to the next, run by Alembic."""
