"""A version of the index: built, linked, published, and opened to be read."""
