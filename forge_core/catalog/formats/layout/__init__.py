"""What folders say about their images: splits, classes, and folders that only hold the others."""
