"""From articles to passages, vectors and words; and from a question to hits."""

import os

# Two questions at once, or any neighbour on the machine, and threads that spin while they wait starve those that work:
# measured a factor of ten on two cores. Read by OpenMP when torch and faiss load, so it stands before their imports.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
# NumPy's own threads spin too, and all that is multiplied here is small: five searches took 0.43 s with them on a busy
# machine, 0.09 s without. Read when NumPy is loaded, so it counts where `index` is what is imported first.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
