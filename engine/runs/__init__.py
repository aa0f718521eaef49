"""Run folders: finding them, owning them, and the files in them."""
