"""The table of runs: found, marked, and chosen to be compared."""
