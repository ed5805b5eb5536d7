"""One text for one JSON value."""

from __future__ import annotations

import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from maintkit.errors import LedgerError
from maintkit.evidence.canonical import canonical

SAFE = 2**53 - 1
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-SAFE, SAFE)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_the_text_is_that_of_rfc_8785(value: object) -> None:
    """The fast way and the reference implementation write the same bytes for every value."""
    assert canonical(value).encode() == rfc8785.dumps(value)  # type: ignore[arg-type]  # made of JSON's types only


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_written_as_rfc_8785_has_them(number: float) -> None:
    """Also between 1e-7 and 1e21, where Python's own form differs."""
    assert canonical(number).encode() == rfc8785.dumps(number)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2**63 - 1, "9223372036854776000"),
        ({"a": [2**64]}, '{"a":[18446744073709552000]}'),
        ("gbk \udcb4\udcf3", '"gbk \\\\udcb4\\\\udcf3"'),
        ({"\udcff": 1.0}, '{"\\\\udcff":1}'),
        ((1, 2), "[1,2]"),
        ({"€": 1, "a": 2, "\U0001f600": 3, "\ufb33": 4}, '{"a":2,"€":1,"\U0001f600":3,"\ufb33":4}'),
    ],
)
def test_what_json_cannot_hold_exactly_is_stored_all_the_same(value: object, text: str) -> None:
    """A host's counter beyond 2^53 or bytes that were no UTF-8 must not stop an inspection."""
    assert canonical(value) == text
    assert json.loads(text) is not None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": {1, 2}}, b"bytes", object()])
def test_what_is_no_json_value_is_refused(value: object) -> None:
    """Such a value is a defect of the caller, and never recorded as something else."""
    with pytest.raises(LedgerError, match=r"not a JSON value"):
        canonical(value)
