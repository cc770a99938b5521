"""What an import says of images that are there: decided, written, and said beforehand."""
