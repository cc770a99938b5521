"""Checkpoints whose probabilities can be believed, as files of their own."""
