"""Whether a database is sound: the file that was opened, and in what state it is."""
