"""What the page Drift shows: the report, and the audit."""
