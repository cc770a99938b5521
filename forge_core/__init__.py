"""What Vision Forge can do, without a browser. Room order: `tests/test_architecture.py`."""
