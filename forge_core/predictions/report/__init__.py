"""The report of a run as one file that a person can read anywhere, without this product."""
