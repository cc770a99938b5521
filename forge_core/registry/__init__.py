"""Which checkpoint answers under which name, since when, and on what evidence.

An alias is a free name. What it means changes by entries that are added and never changed, so that
what answered at any time can still be told.
"""
