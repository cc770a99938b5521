"""From image bytes to class probabilities, in this process.

Needs a checkpoint and nothing else: no database, no workspace, no settings. The service's
container holds only `serving`, this room and the ones they stand on.
"""
