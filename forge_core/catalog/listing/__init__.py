"""Looking at the catalog: pages of a list, positions, counts, neighbours, saved views."""
