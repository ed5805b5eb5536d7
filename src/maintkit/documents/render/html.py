"""HTML: one file with its style inside, no script and nothing fetched; jinja2 escapes every text."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from maintkit.documents.model import Document
from maintkit.documents.render import look, pictures


def render(document: Document) -> bytes:
    """The document as one UTF-8 page that prints on A4."""
    environment = Environment(
        loader=PackageLoader("maintkit.documents", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("document.html")
    page = template.render(
        document=pictures.drawable(document),
        svg=pictures.svg,
        serif=_families(look.SERIF, "serif"),
        sans=_families(look.SANS, "sans-serif"),
        look=look,
    )
    # A page is drawn with the characters it has; a lone surrogate cannot reach this line (documents/text.py).
    return page.encode()


def _families(names: tuple[str, ...], generic: str) -> str:
    return ", ".join((*(f"'{name}'" for name in names), generic))
