"""Runs that differ in the seed alone: their spread, two groups of them compared, what it costs."""
