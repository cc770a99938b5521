"""What lies in a folder: its files, and the images that its label files speak of."""
