"""Whether a network goes by a cue that has nothing to do with the class."""
