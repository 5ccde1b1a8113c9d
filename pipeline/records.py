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
    and header, and no cell beside its own. Where it is not `sure`, a record whose marks are closed as they should be is
    believed instead.
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
        alone = [_alone(line, delimiter, len(header)) for line in taken] if len(taken) > 1 else []
        if any(is_row(one, header) for one in alone[1:]) and (sure or not _closed(taken, delimiter)):
            first = reader.line_num - len(taken) + 1
            yield from ((at, one, "") for at, one in enumerate(alone, first))
        elif len(taken) == 1 and len(cells) < len(header):
            yield reader.line_num, _alone(taken[0], delimiter, len(header)), words
        else:
            yield reader.line_num, cells, words


def _noted(lines: Iterable[str], taken: list[str]) -> Iterator[str]:
    for line in lines:
        taken.append(line)
        yield line


def _alone(line: str, delimiter: str, wide: int) -> list[str]:
    """A line as if it were the whole file, where a mark that stays open takes no cell of the `wide` that there are."""
    try:
        cells = next(csv.reader([line], delimiter=delimiter))
        if len(cells) < wide and not _closed([line], delimiter):
            parted = next(csv.reader([line], delimiter=delimiter, quoting=csv.QUOTE_NONE))
            return [_unquoted(cell) for cell in parted] if len(parted) == wide else cells
    except csv.Error:
        return []
    return cells


def _unquoted(cell: str) -> str:
    return cell.strip().removeprefix('"').removesuffix('"').replace('""', '"')


def _closed(lines: Sequence[str], delimiter: str) -> bool:
    try:
        return sum(1 for _ in csv.reader(lines, delimiter=delimiter, strict=True)) == 1
    except csv.Error:
        return False
