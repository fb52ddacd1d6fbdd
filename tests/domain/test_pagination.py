"""Pages: together they are the list, and no row is on two."""

from hypothesis import given
from hypothesis import strategies as st

from fatrina.domain.pagination import MAX_PAGE_SIZE, Page


@given(st.integers(0, 500), st.integers(1, MAX_PAGE_SIZE))
def test_pages_partition_the_list(total: int, size: int) -> None:
    rows = range(total)
    pages = [Page(number, size) for number in range(1, Page(1, size).page_count(total) + 1)]
    assert [row for page in pages for row in rows[page.offset : page.offset + size]] == [*rows]
    assert len(pages) == 1 or rows[pages[-1].offset :]
