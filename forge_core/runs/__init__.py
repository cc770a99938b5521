"""A training run beside its computing: its record, its data, its files, how far it is."""
