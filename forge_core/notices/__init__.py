"""Tell people that a run has ended, in the words for its state: once, harming nothing."""
