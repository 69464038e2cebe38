"""Vectors and words, searched as one store: on this machine, or in a Milvus cluster."""
