"""What people decide of images and classes: labels, merges, flags, assignments, corrections."""
