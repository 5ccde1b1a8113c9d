"""Issues as compose would hand them over: a lead with books and a question, and others beside it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from lxml import etree, html
from msgspec.structs import replace

from pipeline.config import HttpUrl, Mailbox, Newsletter, RenderSettings
from pipeline.model import (
    Article,
    Book,
    EntryId,
    Issue,
    IssueNumber,
    Item,
    Links,
    Origin,
    Pick,
    Picture,
    Post,
    PostId,
    Slot,
    SourceName,
)

QUESTION = "Which small kindness do you still remember from your own childhood?"
PARAGRAPHS = (
    "A child who is kind on Tuesday may well be a dragon on Wednesday. Kindness is a muscle, and muscles get tired.",
    "So we made a jar. Whoever notices somebody being kind writes it on a slip, and on Sunday we read them aloud.",
)
BODY = (
    f"<p>{PARAGRAPHS[0]}</p>"
    '<figure><img src="https://blog.example.org/jar.jpg" alt="A jam jar full of paper slips" width="1200" height="800"/>'
    "<figcaption>Our jar after one week.</figcaption></figure>"
    "<h2>Three ways to begin</h2>"
    f"<p>{PARAGRAPHS[1]}</p>"
    "<ul><li>Ask who could use a hand today.</li><li>Thank for the deed, not for the goodness.</li></ul>"
    "<blockquote><p>Nobody is too small to be needed.</p></blockquote>"
    '<p>We read <a href="https://shop.example.org/rabbit">The Rabbit Listened</a> every evening that week.</p>'
    f"<p>{QUESTION}</p>"
)
TEXT = "\n\n".join(
    (
        PARAGRAPHS[0],
        "Our jar after one week.",
        "Three ways to begin",
        PARAGRAPHS[1],
        "- Ask who could use a hand today.\n- Thank for the deed, not for the goodness.",
        "> Nobody is too small to be needed.",
        "We read The Rabbit Listened every evening that week.",
        QUESTION,
    )
)


def settings(folder: Path | None = None, **changes: Any) -> RenderSettings:
    """What the render room knows of Kind Words; `changes` are the newsletter's, but for disclosure and provider."""
    facts: dict[str, Any] = {
        "title": "Kind Words",
        "url": HttpUrl("https://blog.example.org/"),
        "from_": Mailbox("Lisa Example <letters@example.org>"),
        "reply_to": Mailbox("lisa@example.org"),
        "postal_address": "12 Main Street, Springfield",
        "public_url": HttpUrl("https://news.example.org/"),
        "timezone": ZoneInfo("America/New_York"),
    }
    disclosure = changes.pop("disclosure", "Some book links support this newsletter.")
    where = folder or Path("/nowhere")
    return RenderSettings(
        newsletter=Newsletter(**facts | changes),
        disclosure=disclosure,
        provider="outbox",
        templates=where / "templates",
        issues=where / "outbox/issues",
    )


def article(**changes: Any) -> Article:
    """A whole post about kindness, as the clean room makes them."""
    whole = Article(
        url="https://blog.example.org/kindness/",
        title="The Kindness Jar",
        html=BODY,
        text=TEXT,
        excerpt=PARAGRAPHS[0],
        question=QUESTION,
        authors=("Lisa Example",),
        tags=("kindness",),
        published=datetime(2026, 11, 20, 15, tzinfo=UTC),
        updated=None,
        lead_image=Picture(
            url="https://blog.example.org/lead.jpg", alt="Two children and a jar", width=1600, height=900
        ),
        language="en",
        direction="ltr",
        words=120,
        removed=(),
        complete=True,
    )
    return replace(whole, **changes)


def post(number: int = 1, **changes: Any) -> Post:
    """A settled post; `changes` are its article's."""
    return Post(
        id=PostId(number),
        entry=EntryId(number),
        source=SourceName("blog"),
        guids=(f"post-{number}",),
        fingerprint=f"print-{number}",
        article=article(**changes),
        before=False,
        held=None,
        fault=None,
        settled_from=datetime(2026, 11, 20, 16, tzinfo=UTC),
        first_seen=datetime(2026, 11, 20, 16, tzinfo=UTC),
    )


def pick(
    title: str = "The Rabbit Listened", origin: Origin = "matched", affiliate: tuple[str, ...] = (), **changes: Any
) -> Pick:
    """A book with a reason; `changes` are the book's."""
    slug = title.lower().replace(" ", "-")
    facts: dict[str, Any] = {"author": "Cori Doerrfeld", "ages": (3, 6), "note": "I have cried over this one twice."}
    return Pick(
        book=Book(title=title, **facts | changes),
        origin=origin,
        score=0.8,
        reason="Because this post speaks of listening and kindness.",
        matched=("kindness",),
        links=Links(
            email=f"https://shop.example.org/mail/{slug}?a=1&b=2",
            web=f"https://shop.example.org/web/{slug}",
            feed=f"https://shop.example.org/feed/{slug}",
            affiliate=affiliate,
        ),
    )


def issue(*items: Item, **changes: Any) -> Issue:
    """Issue 12: as given, or a whole lead with two books and one excerpt."""
    other = post(2, url="https://blog.example.org/worries/", title="Worries at Bedtime", question=None, lead_image=None)
    usual = (
        Item(post=post(), form="full", picks=(pick(), pick("The Dot", author="Peter H. Reynolds", note=None))),
        Item(post=other, form="excerpt", picks=()),
    )
    facts: dict[str, Any] = {
        "number": IssueNumber(12),
        "slug": "the-kindness-jar",
        "slot": Slot(key="2026-11-24", due=datetime(2026, 11, 24, 14, tzinfo=UTC)),
        "title": "The Kindness Jar",
        "subject": "The Kindness Jar · Worries at Bedtime",
        "preheader": "A child who is kind on Tuesday may well be a dragon on Wednesday.",
        "intro": None,
        "created": datetime(2026, 11, 23, 12, tzinfo=UTC),
        "items": items or usual,
        "related": (post(3, url="https://blog.example.org/rain/", title="Rainy Days Are for Reading"),),
    }
    return Issue(**facts | changes)


def words_of(page: str) -> str:
    """What a person reads of a page, white space collapsed."""
    root = html.document_fromstring(page)
    etree.strip_elements(root, "style", with_tail=False)
    return " ".join("".join(str(text) for text in root.itertext()).split())
