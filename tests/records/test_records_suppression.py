"""Small counts: no hidden one can be worked out, tried on every small table there is."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import pytest

from records.suppression import LEAST_CELL, suppressed, suppressed_table

Counts = tuple[int, ...]
Table = tuple[Counts, ...]
Shown = tuple[int | None, ...]


def of_sum(places: int, total: int) -> Iterator[Counts]:
    """All ways to put `total` people into `places`."""
    if places == 1:
        yield (total,)
        return
    for here in range(total + 1):
        for others in of_sum(places - 1, total - here):
            yield here, *others


def shown(counts: Sequence[int], hidden: Sequence[bool]) -> Shown:
    return tuple(None if is_hidden else count for count, is_hidden in zip(counts, hidden, strict=True))


def by_column(table: Table) -> Counts:
    return tuple(sum(column) for column in zip(*table, strict=True))


def tables(rows: int, columns: int, total: int) -> list[Table]:
    return [
        tuple(flat[row * columns : (row + 1) * columns] for row in range(rows))
        for flat in of_sum(rows * columns, total)
    ]


def as_published(table: Table, least: int) -> tuple[Shown, ...]:
    """The cells, the sums by row and by column, and the sum of all, as a reader gets them."""
    hidden = suppressed_table(table, least=least)
    cells = [shown(row, own) for row, own in zip(table, hidden.cells, strict=True)]
    sums = by_column(table)
    total = None if hidden.total else sum(sums)
    return *cells, shown([sum(row) for row in table], hidden.rows), shown(sums, hidden.columns), (total,)


def fits(table: Table, published: tuple[Shown, ...]) -> bool:
    """Whether a table could be the one behind what was published."""
    sums = by_column(table)
    whole = (*table, tuple(sum(row) for row in table), sums, (sum(sums),))
    return all(
        told is None or told == count
        for line, own in zip(published, whole, strict=True)
        for told, count in zip(line, own, strict=True)
    )


@pytest.mark.parametrize(
    ("counts", "hidden"),
    [
        ((), []),
        ((10, 10, 10), [False, False, False]),
        ((10, 9, 30), [False, True, True]),
        ((9, 10, 30), [True, False, True]),
        ((10, 30, 9), [False, True, True]),
        ((10, 0, 30), [False, True, True]),
        ((40, 4, 5), [True, True, True]),  # four and five are nine people: too few together
        ((40, 5, 5), [False, True, True]),
        ((4, 3), [True, True]),
        ((9,), [True]),
        ((10,), [False]),
    ],
)
def test_small_counts_are_hidden_and_the_last_with_them(counts: Counts, hidden: list[bool]) -> None:
    assert suppressed(counts) == hidden


def test_the_least_count_is_ten() -> None:
    assert LEAST_CELL == 10
    assert suppressed((9, 10, 40)) == [True, False, True]
    assert suppressed((9, 10, 40), least=5) == [False, False, False]


@pytest.mark.parametrize(("places", "largest"), [(2, 14), (3, 13), (4, 11), (5, 9)])
def test_who_knows_the_sum_and_the_rule_works_out_no_hidden_count(places: int, largest: int) -> None:
    """Of each published row all rows that would be published like it are found; no hidden count is the same in all."""
    least = 3
    behind: dict[tuple[Shown, int | None], list[Counts]] = defaultdict(list)
    for total in range(largest + 1):
        for counts in of_sum(places, total):
            told = total if total >= least else None
            behind[shown(counts, suppressed(counts, least=least)), told].append(counts)
    hiding = 0
    for (row, _), could_be in behind.items():
        for place, count in enumerate(row):
            if count is None:
                hiding += 1
                assert len({one[place] for one in could_be}) > 1, (row, could_be)
            else:
                assert count >= least
    assert hiding > 10


@pytest.mark.parametrize(
    ("rows", "columns", "largest", "least"), [(1, 3, 9, 3), (2, 2, 13, 3), (2, 3, 9, 2), (3, 2, 9, 2), (3, 3, 6, 2)]
)
def test_no_sum_of_a_table_gives_a_hidden_count_away(rows: int, columns: int, largest: int, least: int) -> None:
    hiding = 0
    for total in range(least, largest + 1):
        everything = tables(rows, columns, total)
        published = {as_published(table, least) for table in everything}
        for one in published:
            could_be = [table for table in everything if fits(table, one)]
            for row, line in enumerate(one[:rows]):
                for column, count in enumerate(line):
                    if count is None:
                        hiding += 1
                        assert len({table[row][column] for table in could_be}) > 1, one
                    else:
                        assert count >= least
            assert all(told is None or told >= least for line in one[rows:] for told in line)
    assert hiding > 10


def test_a_hidden_sum_cannot_be_worked_out_from_the_others() -> None:
    hidden = suppressed_table([(40, 40), (3, 4), (30, 50)])
    assert (hidden.rows, hidden.columns, hidden.total) == ([False, True, True], [False, False], False)
    assert hidden.cells == [[False, False], [True, True], [True, True]]


def test_a_table_without_small_counts_is_shown_whole() -> None:
    hidden = suppressed_table([(10, 20), (30, 40)])
    assert hidden.cells == [[False, False], [False, False]]
    assert not any((*hidden.rows, *hidden.columns, hidden.total))
