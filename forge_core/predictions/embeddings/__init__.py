"""What a network sees in the images, as a vector each: computed once, kept as files, searched."""
