"""What may be wrong with a run: usual mistakes, what stops it, which learning rate suits it."""
