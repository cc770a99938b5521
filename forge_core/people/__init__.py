"""Who does things here: every change of the catalog and every job has an actor."""
