"""Vectors, words and columns in files, searched as one store. Knows no version."""
