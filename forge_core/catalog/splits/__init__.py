"""Who goes into which split: groups, leaks, near-duplicates, shares."""
