"""Parts of the page Import & export: choose, preview, read, report, and the list of changes."""
