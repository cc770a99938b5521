"""How good a checkpoint is: metrics of a split, in numbers that carry their uncertainty.

Pure arrays in, values out. It reads no database and loads no checkpoint.
"""
