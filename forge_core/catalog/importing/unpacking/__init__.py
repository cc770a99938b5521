"""How archives are opened: their formats, names and code pages, and what cannot be read."""
