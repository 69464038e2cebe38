"""An article to passages: its sentences, its blocks, and where it is cut."""
