"""Which images are worth a label next, and whether the choice beats chance on the data at hand."""
