"""Files that come through the browser in parts, and what is left of those nobody wanted."""
