"""The map in the gallery: images as points, coloured, with a lasso that filters the list."""
