"""Data sets as other tools lay them out: which format a folder is, and what it would become."""
