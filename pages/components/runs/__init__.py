"""Parts of the page Runs: the table, one run live and finished, comparing."""
