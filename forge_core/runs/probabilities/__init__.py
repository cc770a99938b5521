"""All class probabilities of the images that a run scored: files of half precision, by asset."""
