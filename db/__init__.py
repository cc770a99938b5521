"""What Vision Forge remembers: tables, sessions, repositories; no images, no networks."""
