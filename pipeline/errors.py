"""Everything that can go wrong and is not a bug, with its exit code and the next step.

PaperroundError            exit 1
├── UserError              exit 2   the person's settings or words; shown without a traceback
│   ├── SettingsError              newsletter.toml: file, line, key
│   └── ShelfError                 books.toml
├── NeedsPerson            exit 3   finished, but something waits for a person
├── Busy                   exit 0   another run holds the lock
├── StoreFault                     the database is damaged or full, or the line to it was cut
│   └── StoreShut          exit 2  it can't be reached as the settings say, or denies its user a right
├── SourceFault            one source is not to be had this time
│   └── FetchFault                 one address was refused or did not answer
├── DiskFault              a file can't be written or read
├── Forged                 a webhook call that does not come from the provider
│   └── Unverifiable               what such calls are verified with is not set here, or wrong
├── EntryFault             one entry can't be made into a post
├── RenderFault            one issue can't be rendered
└── ChildFault             guarded work ran out of time or memory, or died
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable


class PaperroundError(Exception):
    """A fault with a sentence for the person: what happened, where, and what to do next."""

    exit_code = 1

    def __init__(self, what: str, *, where: str | None = None, next_step: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.next_step = next_step

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        step = f" {self.next_step}" if self.next_step else ""
        return f"{place}{self.what}{step}"


class UserError(PaperroundError):
    """The person's settings or words can't be used as they are."""

    exit_code = 2


class SettingsError(UserError):
    """newsletter.toml (or the environment it needs) is wrong; `where` is file:line."""


class ShelfError(UserError):
    """The shelf can't be read at all; `where` is file:line."""


class NeedsPerson(PaperroundError):
    """The work is done as far as it goes; a person has to decide the rest."""

    exit_code = 3


class Busy(PaperroundError):
    """Another run is at work in the same project."""

    exit_code = 0


class StoreFault(PaperroundError):
    """The database is damaged, full, locked or cut off; what a block had written is not there.

    `cut` is True when it was the line: another try may go well.
    """

    def __init__(self, what: str, *, where: str | None = None, next_step: str | None = None, cut: bool = False) -> None:
        super().__init__(what, where=where, next_step=next_step)
        self.cut = cut


class StoreShut(StoreFault):
    """The database is not reached as the settings say (address, password), or denies its user a right."""

    exit_code = 2


class SourceFault(PaperroundError):
    """One source can't be read this time; the others go on."""


class FetchFault(SourceFault):
    """One address was refused, unreachable, too slow or too large.

    `status` is the answer's, None when there was none that counts; `gone` is True for 404 and 410; `retry_after` is in
    seconds, from the answer's Retry-After. `nameless` is True when it is certain that the host has no address.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        retry_after: float | None = None,
        gone: bool = False,
        status: int | None = None,
        nameless: bool = False,
    ) -> None:
        super().__init__(what, where=where)
        self.retry_after = retry_after
        self.gone = gone
        self.status = status
        self.nameless = nameless


class DiskFault(PaperroundError):
    """A file can't be written or read: no room, no right, a broken disk. Nothing is there half-written."""


_OF_THE_DISK = {
    errno.ENOSPC: "Make room on the disk",
    errno.EDQUOT: "Make room on the disk",
    errno.EFBIG: "Make room on the disk",
    errno.EROFS: "See that the disk may be written to",
    errno.EACCES: "See that the user who runs Paperround may write there",
    errno.EPERM: "See that the user who runs Paperround may write there",
    errno.EIO: "See whether the disk is broken",
}


def of_the_disk(fault: OSError) -> DiskFault | None:
    """The same in words, when it is the machine's fault and not ours."""
    step = _OF_THE_DISK.get(fault.errno or 0)
    if step is None:
        return None
    where = str(fault.filename) if fault.filename else None
    words = f"A file can't be written or read: {fault.strerror}."
    return DiskFault(words, where=where, next_step=f"{step}; nothing stays half-written, and the next run goes on.")


def of_the_line(fault: Exception) -> str:
    """A library's words for a line that failed, without the codes around them and never long."""
    words = re.sub(r"\[[A-Z][^\]]*\] | \(_ssl\.c:\d+\)", "", str(fault).partition("\n")[0])
    return (words or type(fault).__name__).rstrip(".")[:200]


class Forged(PaperroundError):
    """A webhook call whose signature or secret is wrong, missing or too old; nothing it says is believed."""


class Outdated(Forged):
    """A webhook call that was signed too long ago to be believed, however often it is made again."""


class Unverifiable(Forged):
    """Nobody can tell who calls, for want of a right key in the settings; the call is wanted again when it is there."""


class EntryFault(PaperroundError):
    """One entry can't be made into a post; it is quarantined with this reason, the others go on."""


class RenderFault(PaperroundError):
    """One issue can't be rendered; `where` is the template's file:line when it is to blame."""


class ChildFault(PaperroundError):
    """Guarded work in a child process ran out of time or memory, or crashed."""


def did_you_mean(word: str, known: Iterable[str], start: str = " Did") -> str:
    """The nearest of the known words as a question to put behind a sentence; "" when none is near."""
    from difflib import get_close_matches

    near = get_close_matches(word, known, n=1)
    return f"{start} you mean {near[0]}?" if near else ""
