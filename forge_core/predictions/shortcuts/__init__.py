"""Whether the network of a run goes by cues that have nothing to do with the classes."""
