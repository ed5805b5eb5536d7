"""HTML: one file with its style inside, no script and nothing fetched; jinja2 escapes every text."""

from __future__ import annotations

from base64 import b64encode
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from maintkit.documents.model import Document
from maintkit.documents.own.load import PLAIN, Own
from maintkit.documents.render import look, pictures


def render(document: Document, own: Own = PLAIN) -> bytes:
    """The document as one UTF-8 page that prints on A4."""
    page = _template().render(
        document=pictures.drawable(document),
        svg=pictures.svg,
        serif=_families(own.layout.fonts.text, look.SERIF, "serif"),
        sans=_families(own.layout.fonts.headings, look.SANS, "sans-serif"),
        look=look,
        logo=None if own.logo is None else b64encode(own.logo).decode(),
        logo_cm=own.layout.logo_cm,
    )
    # A page is drawn with the characters it has; a lone surrogate cannot reach this line (documents/text.py).
    return page.encode()


@cache
def _template() -> Template:
    """Compiled once: a handover draws hundreds of pages, and compiling is as much work as drawing one."""
    environment = Environment(
        loader=PackageLoader("maintkit.documents", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("document.html")


def _families(first: str | None, names: tuple[str, ...], generic: str) -> str:
    return ", ".join((*(f"'{name}'" for name in (first, *names) if name), generic))
