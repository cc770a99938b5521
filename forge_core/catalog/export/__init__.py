"""The catalog written in formats of others, and the archives kept of it."""
