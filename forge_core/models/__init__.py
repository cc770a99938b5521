"""The networks: which there are, how they are built, and how a trained one is kept.

Pure: a checkpoint is a file that this room writes and reads; nothing here knows of runs,
databases or pages, and nothing that a person can send is ever unpickled.
"""
