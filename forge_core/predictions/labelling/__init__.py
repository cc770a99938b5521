"""What labels are still worth: how many more, and of which images."""
