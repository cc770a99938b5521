"""Choose or drop files in the browser: sent in batches, and continued after a cut."""
