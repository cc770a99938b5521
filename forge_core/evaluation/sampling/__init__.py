"""Accuracy of images that are no fair sample: weighted where that can be done, else marked."""
