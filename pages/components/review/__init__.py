"""Parts of the page Review: groups of near-duplicates, leaks between splits."""
