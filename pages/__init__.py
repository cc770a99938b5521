"""What people see: thin pages that read widgets, call one forge_core function, and draw."""
