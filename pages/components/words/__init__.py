"""How things are said on the pages: numbers, times, runs, likeness, the words of the field."""
