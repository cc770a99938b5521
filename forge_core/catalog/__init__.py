"""The catalog: import, label, split, balance, history, export. Imports no torch."""
