"""What several pages draw. A component owns its session keys, which start with its name."""
