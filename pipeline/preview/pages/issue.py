"""The next issue as it will be, and everything that may be changed about it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from urllib.parse import urlencode

from starlette.responses import PlainTextResponse, Response

from pipeline import books, compose, deliver, providers
from pipeline.compose.edits import to_redo, to_undo
from pipeline.errors import UserError
from pipeline.mail import sender
from pipeline.model import Change, Finding, IssueNumber, PostId
from pipeline.preview import changes, hand, inbox
from pipeline.preview.ask import Ask
from pipeline.preview.frame import all_here, framed
from pipeline.preview.hand import Hand, Shown
from pipeline.preview.pages import Handler, Page
from pipeline.store import posts

WIDTHS = {"phone": "Phone", "tablet": "Tablet", "desktop": "Computer"}
PICTURES = {"on": "With pictures", "off": "Without"}
WAITING = ("expired", "held")
"""States of an issue that waits for a word of hers, while she looks at another."""
PARTS = {"mail": "Mail", "text": "Text part", "source": "Source"}


def _show(ask: Ask) -> Response:
    return _page(ask, hand.at_hand(ask))


def _one(ask: Ask) -> Response:
    return _page(ask, hand.numbered(ask, changes.number(ask)))


def _page(ask: Ask, there: Hand) -> Response:
    mine = there.issue.items if there.issue else ()
    inside = {item.post.id for item in mine}
    edits = there.plan.edits if there.plan else ()
    return ask.page(
        "issue.html",
        title=f"Issue {there.number}",
        shows=there.plan.issue.unread if there.plan and there.plan.issue else (),
        hand=there,
        view=_view(ask, there.shown),
        widths=WIDTHS,
        parts=PARTS,
        pictures=PICTURES,
        inbox=_inbox(ask, there),
        others=[pair for pair in there.plan.posts if pair[0].id not in inside][: hand.OTHERS] if there.plan else [],
        more=there.plan.total - len(inside) - hand.OTHERS if there.plan else 0,
        left_out=[one for one in there.plan.left_out if one[0].id in inside] if there.plan else [],
        order=",".join(str(item.post.id) for item in mine),
        history=[(one, changes.said(one.change)) for one in reversed(edits)],
        undo=to_undo(edits),
        redo=to_redo(edits),
        place=lambda finding: _place(finding, inside if there.changeable else ()),
        real=providers.leaves(ask.settings.delivery.provider),
        written_only=deliver.written_only(ask.store),
        stopped=deliver.stopped(ask.store, ask.settings.deliver),
        beside=[line for line in ask.issues[::-1] if line.state in WAITING and line.issue.number != there.number],
        corrections=[(line.issue, line.state) for line in ask.issues[::-1] if line.issue.corrects == there.number],
        correcting=compose.correcting(_corrected(there), ask.store),
        corrected=_corrected(there),
        last=next(((line.issue, line.state) for line in ask.issues if line.state == "sent"), None),
        people=_people(ask, there),
    )


def _corrected(there: Hand) -> IssueNumber:
    """The issue that a correction on its page would be about: of one that is a correction itself, the first one."""
    return there.issue.corrects.number if there.issue and there.issue.corrects else there.number


def _people(ask: Ask, there: Hand) -> dict[str, list[tuple[str, str]]]:
    """Those whose fate wants a word, by name: the unknown with the evidence there is, and the refused."""
    account = there.account
    wanted = {"unknown": account.unknown, "rejected": account.rejected} if account else {}
    return {
        fate: deliver.people_of(there.number, fate, ask.store)[:50]  # type: ignore[arg-type]
        for fate, count in wanted.items()
        if count
    }


def _view(ask: Ask, shown: Shown | None) -> dict[str, str]:
    """How the author looks at the mail: kept in the address, so that a form leads back to the same look.

    Unless she chose, there are pictures when none has to be asked for elsewhere.
    """
    here = shown is not None and all_here(shown.html, *_own_site(ask))
    width, part = ask.asked("width", "phone"), ask.asked("part", "mail")
    return {
        "width": width if width in WIDTHS else "phone",
        "look": "dark" if ask.asked("look") == "dark" else "light",
        "pictures": ask.asked("pictures") if ask.asked("pictures") in PICTURES else "on" if here else "off",
        "part": part if part in PARTS else "mail",
    }


def _inbox(ask: Ask, there: Hand) -> tuple[inbox.Line, ...]:
    if there.issue is None:
        return ()
    name, address = sender(ask.settings.newsletter.from_)
    subject = there.shown.subject if there.shown else there.issue.subject
    return inbox.lines(name or address, subject, there.issue.preheader)


def _place(finding: Finding, here: Collection[PostId]) -> str | None:
    """Where a finding can be mended: on this page, which shows some posts `here` to be changed, or on another."""
    where = finding.where
    if where.startswith("post "):
        post = where.removeprefix("post ")
        return f"#post-{post}" if PostId(int(post)) in here else f"/posts/{post}"
    if finding.code.startswith("subject"):
        return "#subject" if here else None
    return "/settings" if where.startswith("sources/newsletter.toml") else None


def _mail(ask: Ask) -> Response:
    """The frame's content."""
    shown = hand.remembered(ask.asked("v")) or hand.numbered(ask, changes.number(ask)).shown
    if shown is None:
        return PlainTextResponse("There is nothing to show.", 404)
    public, home = _own_site(ask)
    dark, pictures = ask.asked("look") == "dark", ask.asked("pictures") == "on"
    return framed(shown.html, dark=dark, pictures=pictures, public=public, home=home)


def _own_site(ask: Ask) -> tuple[Path, str]:
    """Where the newsletter's own files lie, and the address that they will have."""
    return ask.settings.outbox / "public", ask.settings.newsletter.home


def _books(ask: Ask) -> Response:
    """The books that could stand with one post, ranked and found by name."""
    given = ask.request.path_params["post"]
    with ask.store.reading() as tx:
        about = posts.get(tx, PostId(int(given)))
    if about is None:
        raise UserError(f"There is no post {given}.")
    there = hand.numbered(ask, changes.number(ask))
    items = there.issue.items if there.issue else ()
    inside = {pick.book.key: item.post for item in items for pick in item.picks}
    title = ask.asked("title")
    return ask.page(
        "books_for.html",
        title="Choose a book",
        hand=there,
        post=about,
        instead=ask.asked("instead"),
        wanted=title,
        inside=inside,
        ranked=[pick for pick in books.candidates(about, ask.settings.books) if pick.book.key not in inside],
        found=books.found(title, ask.settings.books),
    )


def _changing(wanted: Callable[[Ask], Change]) -> Handler:
    def do(ask: Ask) -> Response:
        changes.keep(ask, wanted(ask))
        return _back(ask)

    return do


def _undo(ask: Ask) -> Response:
    changes.undo(ask)
    return _back(ask)


def _redo(ask: Ask) -> Response:
    changes.redo(ask)
    return _back(ask)


def _back(ask: Ask) -> Response:
    """The page as she looked at it."""
    view = urlencode([(name, value) for name, value in ask.request.query_params.multi_items() if name != "seen"])
    return ask.back("/" + (f"?{view}" if view else ""))


PAGE = Page(
    title="Next issue",
    address="/",
    show=_show,
    parts={
        "issue/{number:int}": _one,
        "issue/{number:int}/mail": _mail,
        "issue/{number:int}/books/{post:int}": _books,
    },
    does={f"issue/{{number:int}}/{name}": _changing(form) for name, form in changes.FORMS.items()}
    | {"issue/{number:int}/undo": _undo, "issue/{number:int}/redo": _redo},
    place=10,
)
