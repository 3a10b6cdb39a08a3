"""How Sphinx builds these pages: ``bash .ci/site``."""

from sphinx.application import Sphinx

from mnprofile import __version__

project = "mnprofile"
author = "The mnprofile authors"
project_copyright = "The mnprofile authors"
version = release = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_click"]
exclude_patterns = ["_build", "examples"]

html_theme = "furo"
html_title = "mnprofile"
html_show_sphinx = False
html_copy_source = False
html_last_updated_fmt = None  # the same pages on every day

myst_heading_anchors = 3
nb_execution_mode = "off"  # tests/cli/test_notebook.py runs it

autodoc_typehints = "signature"
autodoc_preserve_defaults = True


def setup(app: Sphinx) -> None:
    """Help texts are plain text: a star in them does not begin emphasis."""

    def escape(_app: Sphinx, _context: object, lines: list[str]) -> None:
        lines[:] = [line.replace("*", r"\*") for line in lines]

    app.connect("sphinx-click-process-description", escape)
