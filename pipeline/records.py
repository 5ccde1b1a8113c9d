"""The records of a CSV file (RFC 4180) as people write one, where a quotation mark need not be closed."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence

Record = tuple[int, list[str], str]
"""The number of a record's last line, its cells, and in place of these what is wrong with it."""


def records(
    lines: Iterable[str], delimiter: str, is_row: Callable[[Sequence[str], Sequence[str]], bool], *, sure: bool
) -> Iterator[Record]:
    """The records of a file, the header first.

    A quotation mark that nobody closed holds no line behind its own that is a row by itself, as `is_row` says by cells
    and header. Where it is not `sure`, a record whose marks are closed as they should be is believed instead.
    """
    taken: list[str] = []
    reader = csv.reader(_noted(lines, taken), delimiter=delimiter)
    header: list[str] = []
    while True:
        taken.clear()
        try:
            cells, words = next(reader), ""
        except StopIteration:
            return
        except csv.Error as fault:
            cells, words = [], str(fault)
        header = header or cells
        alone = [_alone(line, delimiter) for line in taken] if len(taken) > 1 else []
        if any(is_row(one, header) for one in alone[1:]) and (sure or not _closed(taken, delimiter)):
            first = reader.line_num - len(taken) + 1
            yield from ((at, one, "") for at, one in enumerate(alone, first))
        else:
            yield reader.line_num, cells, words


def _noted(lines: Iterable[str], taken: list[str]) -> Iterator[str]:
    for line in lines:
        taken.append(line)
        yield line


def _alone(line: str, delimiter: str) -> list[str]:
    """A line as if it were the whole file."""
    try:
        return next(csv.reader([line], delimiter=delimiter))
    except csv.Error:
        return []


def _closed(lines: Sequence[str], delimiter: str) -> bool:
    try:
        return sum(1 for _ in csv.reader(lines, delimiter=delimiter, strict=True)) == 1
    except csv.Error:
        return False
