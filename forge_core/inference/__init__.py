"""From image bytes to class probabilities, in this process or over HTTP.

Needs a checkpoint and nothing else: no database, no workspace, no settings. The service's
container holds only this room and the ones it stands on.
"""
