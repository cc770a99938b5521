"""What comes in: archives opened, files read and judged, images taken in, problems kept."""
