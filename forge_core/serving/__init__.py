"""Answering for a checkpoint over HTTP: an install of its own, without the catalog."""
