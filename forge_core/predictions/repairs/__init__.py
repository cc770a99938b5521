"""What repaired labels brought between two runs, drawn up and kept."""
