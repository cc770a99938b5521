"""Where Train keeps what other pages may choose for it, without what it loads to draw itself."""

ARCHITECTURE_KEY = "train_architecture"
"""Name of the network."""
