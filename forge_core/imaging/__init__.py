"""Turns bytes that anyone may send into pixels, hashes and thumbnails.

Every image of the product enters through `decode`. This room knows Pillow only: no torch, no
database, no catalog.
"""
