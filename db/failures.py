"""Which failures of the database pass by themselves: a restart, a lost line, a long lock."""

from sqlalchemy.exc import InterfaceError, OperationalError

DATABASE_UNAVAILABLE = (OperationalError, InterfaceError)
"""Catch these where work shall go on once the database answers again."""
