"""Pages (html) of many documents: their template is taken apart once."""

from __future__ import annotations

from unittest.mock import patch

import draw
from jinja2 import PackageLoader

from maintkit.documents.render import html


def test_many_pages_take_their_template_apart_once() -> None:
    """A handover of a year draws hundreds of them; compiling had been a sixth of its work."""
    documents = list(draw.documents().values())[:12]
    html._template.cache_clear()
    with patch.object(PackageLoader, "get_source", autospec=True, side_effect=PackageLoader.get_source) as read:
        pages = [html.render(document) for document in documents]
    assert len(pages) == 12
    assert read.call_count == 1
    assert html.render(documents[0]) == pages[0]
