"""The versions, oldest first; what was released is never changed."""
