"""What people see of the bulletin. The only room that imports gradio."""

import os

# Gradio and the hub's client read these once, when they are imported: set here, before either can be.
# Without them the server may tell outside hosts that it runs; a reader's page must depend on no one else.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
# A default only. A model fetched by name (BULLETIN_MODEL) was cached when its index was built, by a process without us.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
