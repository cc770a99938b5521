"""What JavaScript components share, and how the files of one become one script."""
