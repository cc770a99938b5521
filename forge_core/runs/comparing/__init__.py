"""Runs beside one another: what each of them really used, in the words of the pages."""
