"""From a wish to a queued run: is it ready, how long does it take, at which rate."""
