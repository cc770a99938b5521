"""Runs as a list: found by words and marks, with the accuracy that people are to read."""
