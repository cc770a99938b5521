"""Sample sets that come without a folder of one's own: drawn digits and public downloads."""
