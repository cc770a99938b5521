"""Bytes against rows: what is missing, changed, moved or belongs to nobody."""
