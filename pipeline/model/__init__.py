"""The nouns, frozen: the words every room speaks. Nothing here reads a clock, a disk or a network.

A file of nouns is loaded when the first of them is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.model.book import Book, Links, Origin, Pick, isbn13, title_key
    from pipeline.model.delivery import (
        FATES,
        Account,
        Batch,
        BatchId,
        BatchState,
        Fate,
        Going,
        Outcome,
        Recipient,
        Welcome,
    )
    from pipeline.model.edit import Change, Edit
    from pipeline.model.entry import Enclosure, Entry, EntryId, KnownEntry, Picture
    from pipeline.model.issue import (
        Approval,
        Calendar,
        Correction,
        Event,
        Finding,
        Form,
        Issue,
        IssueNumber,
        IssueState,
        Item,
        Message,
        Note,
        Slot,
    )
    from pipeline.model.people import (
        REASONS,
        Consent,
        Every,
        ReaderState,
        Reason,
        Signup,
        SignupId,
        Subscriber,
        SubscriberId,
        Suppression,
        graver,
    )
    from pipeline.model.post import Article, Glance, Post, PostId, Removed, Standing, State
    from pipeline.model.references import Reference
    from pipeline.model.report import Report, Run, total
    from pipeline.model.seen import Check, Copy, Copying, Variant
    from pipeline.model.signal import Signal, SignalKind
    from pipeline.model.source import AUTO, Health, Source, SourceName
    from pipeline.model.wire import (
        Answer,
        Fetch,
        Fetched,
        FileDrop,
        HttpRequest,
        Line,
        NoAnswer,
        Outside,
        Reply,
        Request,
        SmtpEnvelope,
        SmtpServer,
        SmtpVisit,
        Validators,
    )

__all__ = [
    "AUTO",
    "FATES",
    "REASONS",
    "Account",
    "Answer",
    "Approval",
    "Article",
    "Batch",
    "BatchId",
    "BatchState",
    "Book",
    "Calendar",
    "Change",
    "Check",
    "Consent",
    "Copy",
    "Copying",
    "Correction",
    "Edit",
    "Enclosure",
    "Entry",
    "EntryId",
    "Event",
    "Every",
    "Fate",
    "Fetch",
    "Fetched",
    "FileDrop",
    "Finding",
    "Form",
    "Glance",
    "Going",
    "Health",
    "HttpRequest",
    "Issue",
    "IssueNumber",
    "IssueState",
    "Item",
    "KnownEntry",
    "Line",
    "Links",
    "Message",
    "NoAnswer",
    "Note",
    "Origin",
    "Outcome",
    "Outside",
    "Pick",
    "Picture",
    "Post",
    "PostId",
    "ReaderState",
    "Reason",
    "Recipient",
    "Reference",
    "Removed",
    "Reply",
    "Report",
    "Request",
    "Run",
    "Signal",
    "SignalKind",
    "Signup",
    "SignupId",
    "Slot",
    "SmtpEnvelope",
    "SmtpServer",
    "SmtpVisit",
    "Source",
    "SourceName",
    "Standing",
    "State",
    "Subscriber",
    "SubscriberId",
    "Suppression",
    "Validators",
    "Variant",
    "Welcome",
    "graver",
    "isbn13",
    "title_key",
    "total",
]

_FILES = {
    "book": "Book Links Origin Pick isbn13 title_key",
    "delivery": "FATES Account Batch BatchId BatchState Fate Going Outcome Recipient Welcome",
    "edit": "Change Edit",
    "entry": "Enclosure Entry EntryId KnownEntry Picture",
    "issue": "Approval Calendar Correction Event Finding Form Issue IssueNumber IssueState Item Message Note Slot",
    "people": "REASONS Consent Every ReaderState Reason Signup SignupId Subscriber SubscriberId Suppression graver",
    "post": "Article Glance Post PostId Removed Standing State",
    "references": "Reference",
    "report": "Report Run total",
    "seen": "Check Copy Copying Variant",
    "signal": "Signal SignalKind",
    "source": "AUTO Health Source SourceName",
    "wire": "Answer Fetch Fetched FileDrop HttpRequest Line NoAnswer Outside Reply Request SmtpEnvelope SmtpServer "
    "SmtpVisit Validators",
}
"""Which file has which nouns."""
_HOMES = {name: file for file, names in _FILES.items() for name in names.split()}

if not TYPE_CHECKING:  # a type checker would believe that every noun is there, misspelt ones too

    def __getattr__(name: str) -> Any:
        """Load a noun's file: to make a frozen class takes a millisecond, and there are sixty."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return globals().setdefault(name, getattr(import_module(f"pipeline.model.{_HOMES[name]}"), name))
