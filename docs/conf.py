"""Sphinx: python -m sphinx -W -n -b html docs build/docs."""

from importlib.metadata import version as installed

project = "azstaging"
author = "the azstaging contributors"
version = release = installed("azstaging")

extensions = ["myst_parser"]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 4
exclude_patterns = ["schemas", "images", "adr/0000-template.md"]
# Links into the repository: the pages are read there, too.
myst_url_schemes = ["http", "https", "mailto"]

html_theme = "furo"
html_title = f"azstaging {release}"
html_copy_source = False
html_show_sphinx = False
