"""How a table of any form is chosen and understood, and what is said of those that are not read."""
