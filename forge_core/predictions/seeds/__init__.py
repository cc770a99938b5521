"""Settings instead of runs: several seeds of each, compared on the same images."""
