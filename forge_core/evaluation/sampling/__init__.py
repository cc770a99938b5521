"""How sure a share of images is; of images that are no fair sample: weighted, or else marked."""
