from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from pipeline.clean import identity
from pipeline.model import Article, Entry, EntryId, Post, PostId, SourceName

ENTRY = Entry(
    source=SourceName("blog"),
    guid="https://blog.example.org/?p=7",
    link="https://blog.example.org/a-day/",
    title="A day",
)
ARTICLE = Article(
    url="https://blog.example.org/a-day/",
    title="A day",
    html="",
    text="word " * 60,
    excerpt="",
    question=None,
    authors=(),
    tags=(),
    published=datetime(2026, 11, 1, tzinfo=UTC),
    updated=None,
    lead_image=None,
    language=None,
    direction="ltr",
    words=60,
    removed=(),
    complete=True,
)


def names_of(entry: Entry, article: Article) -> tuple[str, ...]:
    return identity.keys(entry, article, identity.fingerprint(article))


def same(entry: Entry, article: Article) -> bool:
    known = dict.fromkeys(names_of(ENTRY, ARTICLE), post_of(ARTICLE))
    return PostId(7) == identity.same(
        article, names_of(entry, article), known, source=entry.source, beside=lambda _: False, absent=tuple
    )


def post_of(article: Article) -> Post:
    return Post(
        id=PostId(7),
        entry=EntryId(1),
        source=ENTRY.source,
        guids=(),
        fingerprint="",
        article=article,
        before=False,
        held=None,
        fault=None,
        settled_from=datetime(2026, 11, 1, tzinfo=UTC),
        first_seen=datetime(2026, 11, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://blog.example.org/a/", "https://www.blog.example.org/a"),
        ("https://blog.example.org/a/", "https://blog.example.org/a/?utm_source=rss&utm_medium=feed"),
        ("https://blog.example.org/a/", "https://blog.example.org:443/a/index.html#more"),
        ("https://BLOG.example.org/a", "https://blog.example.org/a"),
    ],
)
def test_the_same_page_is_known_by_another_spelling_of_its_address(one: str, other: str) -> None:
    assert identity.address_key(one) == identity.address_key(other)


@pytest.mark.parametrize(
    "other", ["https://blog.example.org/b/", "https://blog.example.org/a/?p=2", "https://other.org/a/"]
)
def test_another_page_is_another_page(other: str) -> None:
    assert identity.address_key("https://blog.example.org/a/") != identity.address_key(other)


def test_a_renamed_slug_is_the_same_post_by_its_guid() -> None:
    moved = "https://blog.example.org/another-day/"
    assert same(replace(ENTRY, link=moved), replace(ARTICLE, url=moved, text="quite new " * 40))


def test_a_new_guid_is_the_same_post_by_its_address() -> None:
    assert same(replace(ENTRY, guid="urn:uuid:1"), replace(ARTICLE, text="quite new " * 40))


def test_a_moved_blog_with_new_guids_is_known_by_its_words() -> None:
    moved = "https://lisa.example.net/2026/a-day"
    assert same(replace(ENTRY, guid=moved, link=moved), replace(ARTICLE, url=moved))


@pytest.mark.parametrize(("source", "known"), [("letters", True), ("blog", False)])
def test_the_same_words_days_later_under_another_title_are_the_same_post_elsewhere_only(
    source: str, known: bool
) -> None:
    entry = replace(ENTRY, source=SourceName(source), guid="5", link="https://letters.example.net/p/five")
    article = replace(ARTICLE, url=entry.link, title="Letter 5", published=datetime(2026, 11, 4, tzinfo=UTC))
    assert same(entry, article) is known


def test_posts_that_all_lead_to_the_front_page_are_not_one_post() -> None:
    home = "https://blog.example.org/"
    here = names_of(replace(ENTRY, guid="a", link=home), replace(ARTICLE, url=home, words=1))
    there = names_of(replace(ENTRY, guid="b", link=home), replace(ARTICLE, url=home, words=1))
    assert set(here).isdisjoint(there)


def test_two_short_notes_with_the_same_words_are_two_posts() -> None:
    short = replace(ARTICLE, text="Happy holidays!", words=2, url="https://blog.example.org/2025/")
    assert not any(key.startswith("words:") for key in names_of(ENTRY, short))


def test_a_plain_number_as_guid_counts_within_its_source_only() -> None:
    here = names_of(replace(ENTRY, guid="12", link=None), replace(ARTICLE, url="", words=1))
    there = names_of(
        replace(ENTRY, guid="12", link=None, source=SourceName("other")), replace(ARTICLE, url="", words=1)
    )
    assert set(here).isdisjoint(there)


def test_a_post_dated_before_the_beginning_waits_for_a_person() -> None:
    old = replace(ARTICLE, published=datetime(2020, 1, 1, tzinfo=UTC))
    begun = datetime(2026, 11, 1, tzinfo=UTC)
    assert "dated 1 January 2020" in (identity.held(old, begun, None, begun) or "")
    assert identity.held(ARTICLE, begun, None, begun) is None
    assert identity.held(old, None, None, begun) is None


@pytest.mark.parametrize(
    ("dated", "arrived", "held"), [(-1, 30, True), (1, 2, False), (None, 0.5, True), (None, 2, False)]
)
def test_a_post_that_a_lost_state_may_have_mailed_waits_for_a_person(
    dated: float | None, arrived: float, held: bool
) -> None:
    put_back = datetime(2026, 11, 1, tzinfo=UTC)
    when = None if dated is None else put_back + timedelta(days=dated)
    told = identity.held(replace(ARTICLE, published=when), None, put_back, put_back + timedelta(days=arrived))
    assert ("put back on 1 November 2026" in (told or "")) == held
