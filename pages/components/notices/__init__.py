"""Desktop notices that a run has ended, by whatever page of the app is open."""
