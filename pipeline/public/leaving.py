"""Unsubscribing: a page for people, and the one click of RFC 8058 for mail programs."""

from __future__ import annotations

from pipeline.feedback import leave, tokens
from pipeline.public import pages
from pipeline.public.asked import Answered, Asked, Desk

ONE_CLICK = ("List-Unsubscribe", "One-Click")


def unsubscribe(asked: Asked, desk: Desk) -> Answered:
    """GET shows a button and changes nothing, however many scanners come by; only the POST of RFC 8058 acts.

    The page's own button sends the same body, so there is one way out and no cookie on it.
    """
    if asked.token in tokens.NOBODY:
        return pages.message(desk, "reader_test", "reader_test_more")
    if asked.method == "POST" and _one_click(asked):
        return _left(asked, desk)
    reader = leave.whose(asked.token, desk.store)
    if reader is not None and reader.state == "unsubscribed":
        return _is_out(desk)
    if reader is None and not leave.known(asked.token, desk.store):
        return pages.lost(desk)
    more = [(f"../preferences/{asked.token}", "reader_fewer")] if reader else []
    return pages.message(
        desk,
        "reader_leave",
        *(["reader_leave_more"] if reader else []),
        status=400 if asked.method == "POST" else 200,
        address=reader.address if reader else "",
        button=("reader_leave", [ONE_CLICK]),
        links=more,
    )


def _one_click(asked: Asked) -> bool:
    """RFC 8058 section 3.2; some mail programs send its words as plain text, or do not say as what."""
    field, value = ONE_CLICK
    return (
        asked.one(field).lower() == value.lower() or asked.body.strip().lower() == f"{field}={value}".lower().encode()
    )


def _left(asked: Asked, desk: Desk) -> Answered:
    evidence, hers = "one click on the link in a mail", leave.is_hers(asked.token, desk.store)
    if not leave.by_link(asked.token, desk.store, evidence=evidence, now=desk.clock()):
        return pages.lost(desk)
    return _is_out(desk, "reader_left_more" if hers else "reader_left_old")


def _is_out(desk: Desk, more: str = "reader_left_more") -> Answered:
    return pages.message(desk, "reader_left", more, links=[("../subscribe", "reader_again")])
