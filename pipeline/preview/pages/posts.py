"""All posts: how each stands and why, and what cleaning took out of it."""

from __future__ import annotations

from collections import Counter

from starlette.responses import Response

from pipeline import books, clean, compose
from pipeline.errors import EntryFault, UserError
from pipeline.model import Post, PostId, Report, Standing
from pipeline.preview.ask import Ask
from pipeline.preview.changes import fetch_whole
from pipeline.preview.pages import Handler, Page
from pipeline.preview.slices import slice_of
from pipeline.store import posts
from pipeline.store.posts import Choice

STATES = {
    "new": "new",
    "settling": "settling",
    "held": "held for you",
    "issue": "in an issue",
    "before": "from before",
    "skipped": "skipped",
    "quarantined": "unreadable",
}
SHADES = {"new": "good", "settling": "accent", "held": "warn", "quarantined": "bad"}
DONE = {"keep": "may go into the next issue", "skip": "goes into no issue"}


def _show(ask: Ask) -> Response:
    every = compose.outlines(ask.store, ask.settings.compose, ask.now)
    state, words = ask.asked("state"), ask.asked("words").strip()
    found = [pair for pair in every if _matches(pair[0], words)]
    counts = Counter(standing.state for _, standing in found)
    chosen = [pair for pair in found if not state or pair[1].state == state]
    part = slice_of(ask, len(chosen))
    return ask.page(
        "posts.html",
        title="Posts",
        known=len(every),
        found=len(found),
        shown=chosen[part.start : part.end],
        part=part,
        counts=counts,
        state=state,
        words=words,
        states=STATES,
        shades=SHADES,
        reason=_reason,
    )


def _matches(post: Post, words: str) -> bool:
    text = f"{post.article.title} {' '.join(post.article.tags)} {post.article.url}".casefold()
    return all(word in text for word in words.casefold().split())


def _reason(standing: Standing) -> str:
    """Why, without the command that the buttons stand for."""
    return standing.reason.partition("; `")[0]


def _one(ask: Ask) -> Response:
    post = _post(ask)
    standing = compose.stands(ask.store, ask.settings.compose, post, ask.now)
    try:
        blocks, fault = clean.changes(ask.store, post.id), None
    except EntryFault as why:
        blocks, fault = [], str(why)
    return ask.page(
        "post.html",
        title=post.article.title,
        post=post,
        standing=standing,
        reason=_reason(standing),
        blocks=blocks,
        fault=fault,
        states=STATES,
        shades=SHADES,
    )


def _post(ask: Ask) -> Post:
    number = PostId(int(ask.request.path_params["post"]))
    with ask.store.reading() as tx:
        post = posts.get(tx, number)
    if post is None:
        raise UserError(f"There is no post {number}.")
    return post


def _choosing(choice: Choice) -> Handler:
    def do(ask: Ask) -> Response:
        number = _post(ask).id
        if choice == "keep":
            books.ready(ask.store, ask.settings.books, number)
        known, report = compose.decide(ask.store, ask.settings.compose, number, choice, by=ask.desk.person, now=ask.now)
        ask.say(f"“{known.article.title}” {DONE[choice]}.")
        _tell(ask, report)
        if choice == "keep" and not known.article.complete:
            fetch_whole(ask)
        return ask.back(ask.came_from)

    return do


def _pin(ask: Ask) -> Response:
    number = _post(ask).id
    books.ready(ask.store, ask.settings.books, number)
    known, report = compose.pin(ask.store, ask.settings.compose, number, by=ask.desk.person, now=ask.now)
    ask.say(f"“{known.article.title}” leads the next issue.")
    _tell(ask, report)
    if not known.article.complete:
        fetch_whole(ask)
    return ask.back(ask.came_from)


def _tell(ask: Ask, report: Report) -> None:
    for sentence in (*report.attention, *report.errors):
        ask.say(sentence, "attention")


PAGE = Page(
    title="Posts",
    address="/posts",
    show=_show,
    parts={"{post:int}": _one},
    does={"{post:int}/keep": _choosing("keep"), "{post:int}/skip": _choosing("skip"), "{post:int}/pin": _pin},
    place=30,
)
