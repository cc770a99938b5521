"""Settings trained with several seeds: what they reach, and which are better."""
