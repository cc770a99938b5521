"""What frames every page: navigation, the header line, style, sign of what can be undone."""
