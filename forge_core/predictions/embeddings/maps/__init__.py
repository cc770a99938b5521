"""The map of the catalog: images as points of a plane, those that look alike near each other."""
