"""How the reader's weights were made: `python -m train run --data DIR`."""
