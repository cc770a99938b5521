"""A trained network as a file: its weights, its card, and the golden predictions that prove it."""
