"""Answers for very many image files, in one pass that can be interrupted and goes on."""
