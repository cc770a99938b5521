"""Parts of the page Augmentation: controls, copies, risk of what is chosen, saved presets."""
