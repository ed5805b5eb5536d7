"""What the role leaves: a whole document of the host on the controller, and nothing on the host."""

from __future__ import annotations

import json
import os
from pathlib import Path


def test_the_document_of_the_host_is_on_the_controller(host):
    """The document names the very host that was visited."""
    document = json.loads((Path(os.environ["MOLECULE_FACTS"]) / "h1.json").read_text())
    assert document["schema"] == "maintkit.facts/1"
    assert document["sections"]["host"]["data"]["hostname"] == host.check_output("hostname")
