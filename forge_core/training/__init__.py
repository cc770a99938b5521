"""Turns labelled images into a checkpoint: config, decoded-pixel pack, stages and the loop.

Pure: it is given images, a folder for checkpoints and a folder for the pack, and knows no
database. Whoever starts a run (`jobs`) reads the catalog and listens through `Reporter`.
"""
