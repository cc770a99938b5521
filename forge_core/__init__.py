"""What Vision Forge can do, without a browser. Rooms and their order: see `tests/test_architecture.py`."""
