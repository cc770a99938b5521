"""What networks say of the catalog's images: scoring, measuring, what more labels would bring."""
