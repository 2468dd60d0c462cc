"""A cursor leads back to its rank, in its list, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.cursor import InvalidCursorError, make_cursor, read_cursor

RANKS = st.integers(0, 2**40 - 1)


@given(st.text(), RANKS)
def test_a_cursor_leads_back_to_its_rank(list_id, rank):
    assert read_cursor(list_id, make_cursor(list_id, rank)) == rank


@given(st.text(), st.text(), RANKS)
def test_a_cursor_leads_nowhere_in_another_list(list_id, other, rank):
    if list_id != other:
        with pytest.raises(InvalidCursorError):
            read_cursor(other, make_cursor(list_id, rank))


@given(st.text())
def test_any_other_text_is_refused(text):
    with pytest.raises(InvalidCursorError):
        read_cursor("list_a", text)
