"""One committed change: writing it, history, undo, differences, the catalog as of a revision."""
