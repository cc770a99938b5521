"""From the images of a split to the inputs of each step: image sets, order, batches, features."""
