"""Decoded pixels of a run: kept on disk once for all runs, and brought to the device.

`shards` is the file format, `kept` what the folder holds and what may go, `pack` gives the pixels
of an image, `feeds` bring those of a batch to where the network computes.
"""
