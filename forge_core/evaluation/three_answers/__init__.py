"""Where the lines between accepted, not sure and unfamiliar are drawn, and what they promise."""
