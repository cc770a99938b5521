"""Images that were found or picked together, as lists that stay."""
