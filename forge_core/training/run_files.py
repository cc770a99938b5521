"""Names of the files that a run leaves in its folder."""

BEST_FILE = "best.safetensors"
"""Checkpoint of the epoch with the best validation accuracy."""
LAST_FILE = "last.safetensors"
"""Checkpoint of the last full epoch."""
STATE_FILE = "state.pt"
"""From where the run would go on."""
