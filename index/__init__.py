"""From articles to passages, vectors and words; and from a question to hits."""

import os

# Two questions at once, or any neighbour on the machine, and threads that spin while they wait starve those that work:
# measured a factor of ten on two cores. Read by OpenMP when torch and faiss load, so it stands before their imports.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
