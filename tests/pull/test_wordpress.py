from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.errors import SourceFault
from pipeline.model import Fetched, Health, Validators
from pipeline.model.excerpt import is_excerpt
from pipeline.pull import wordpress
from pipeline.pull.listing import Visit
from tests.pull.web import NOW, Web, WordPress, ask, feed

HOME = "https://lisa.example.org/"


@pytest.fixture
def site() -> WordPress:
    made = WordPress()
    made.publish(1, "Worries at night", "2026-11-01T08:00:00")
    made.publish(2, "The first day", "2026-11-08T08:00:00")
    return made


def known(visit: Visit) -> Health:
    return Health(
        name="blog",  # type: ignore[arg-type]
        url=HOME,
        address=visit.address,
        kind="wordpress",
        validators=visit.validators,
        body_sha=visit.sha,
        cursor=visit.cursor,
        next_check=NOW,
        last_ok=NOW,
        read=NOW,
    )


def titles(visit: Visit) -> list[str]:
    assert visit.listing is not None
    return [entry.title for entry in visit.listing.entries]


@pytest.mark.parametrize("plain", [False, True])
def test_a_site_is_read_by_the_address_of_its_front_page(site: WordPress, plain: bool) -> None:
    site.plain = plain
    visit = wordpress.visit(ask(Web(sites=[site]), HOME))
    assert titles(visit) == ["The first day", "Worries at night"]
    assert visit.kind == "wordpress"
    assert visit.listing is not None
    newest = visit.listing.entries[0]
    assert newest.html is not None
    assert newest.html.count("A few words.") == 30
    assert newest.guid == "https://lisa.example.org/?p=2"
    assert newest.published == datetime(2026, 11, 8, 8, tzinfo=UTC)


def test_the_api_is_found_in_the_page_when_no_header_names_it(site: WordPress) -> None:
    web = Web(sites=[site])
    web.put(HOME, f"<html><head><link rel='https://api.w.org/' href='{site.root}' /></head><body>x</body></html>")
    assert len(titles(wordpress.visit(ask(web, HOME)))) == 2


def test_the_api_is_found_in_its_usual_place_when_nothing_names_it(site: WordPress) -> None:
    web = Web(sites=[site])
    web.put(HOME, "<html><body>no word of it</body></html>")
    assert len(titles(wordpress.visit(ask(web, HOME)))) == 2


def test_all_posts_are_had_not_only_the_first_ten() -> None:
    site = WordPress()
    for number in range(1, 124):
        site.publish(number, f"Post {number}", f"2026-{1 + number // 28:02}-{1 + number % 28:02}T08:00:00")
    assert len(titles(wordpress.visit(ask(Web(sites=[site]), HOME)))) == 123


def test_a_site_that_gives_only_ten_at_once_is_read_in_smaller_steps() -> None:
    site = WordPress(most=10)
    for number in range(1, 24):
        site.publish(number, f"Post {number}", f"2026-11-{number:02}T08:00:00")
    assert len(titles(wordpress.visit(ask(Web(sites=[site]), HOME)))) == 23


def test_the_limit_of_the_settings_is_kept() -> None:
    site = WordPress()
    for number in range(1, 124):
        site.publish(number, f"Post {number}", "2026-11-01T08:00:00")
    assert len(titles(wordpress.visit(ask(Web(sites=[site]), HOME, limit=7)))) == 7


def test_later_visits_ask_only_for_what_changed(site: WordPress) -> None:
    web = Web(sites=[site])
    first = wordpress.visit(ask(web, HOME))
    site.publish(3, "A rainy week", "2026-11-15T08:00:00")
    site.queries.clear()
    later = wordpress.visit(ask(web, HOME, health=known(first)))
    assert titles(later) == ["A rainy week", "The first day"]
    assert site.queries[0]["modified_after"] == "2026-11-07T08:00:00Z"
    assert later.cursor == "2026-11-15T08:00:00Z"


@pytest.mark.parametrize("clock", ["2099-01-01T00:00:00", "2026-99-99T99:99:99", "0001-01-01T00:00:00"])
def test_a_post_whose_date_of_change_is_wrong_hides_no_later_change(site: WordPress, clock: str) -> None:
    site.publish(3, "Set wrong", "2026-11-09T08:00:00", modified=clock, modified_gmt=clock)
    web = Web(sites=[site])
    first = wordpress.visit(ask(web, HOME))
    site.publish(4, "Later", "2026-11-20T08:00:00")
    assert "Later" in titles(wordpress.visit(ask(web, HOME, health=known(first))))


def test_a_cursor_that_was_kept_from_a_wrong_clock_mends_itself(site: WordPress) -> None:
    web = Web(sites=[site])
    ahead = replace(known(wordpress.visit(ask(web, HOME))), cursor="2099-01-01T00:00:00Z", body_sha=None)
    visit = wordpress.visit(ask(web, HOME, health=ahead))
    assert titles(visit) == ["The first day", "Worries at night"]
    assert visit.cursor == "2026-11-08T08:00:00Z"


def test_addresses_that_cannot_be_read_are_passed_over(site: WordPress) -> None:
    site.publish(3, "Unready", "2026-11-09T08:00:00", link="https://[your site]/unready/")
    web = Web(sites=[site])
    web.put(HOME, "<html><body>x</body></html>", link='<http://[x/wp-json/>; rel="https://api.w.org/"')
    visit = wordpress.visit(ask(web, HOME))
    assert titles(visit)[0] == "Unready"
    assert visit.listing is not None
    assert visit.listing.entries[0].link is None


def test_nothing_new_is_nothing_to_read(site: WordPress) -> None:
    web = Web(sites=[site])
    visit = wordpress.visit(ask(web, HOME))
    for _ in range(2):
        visit = wordpress.visit(ask(web, HOME, health=known(visit)))
    assert visit.listing is None or not visit.listing.entries


def test_a_site_that_knows_no_modified_after_is_not_read_from_end_to_end_each_time() -> None:
    site = WordPress(deaf=True)
    for number in range(1, 400):
        site.publish(number, f"Post {number}", f"20{10 + number // 28:02}-01-{1 + number % 28:02}T08:00:00")
    web = Web(sites=[site])
    first = wordpress.visit(ask(web, HOME))
    site.queries.clear()
    wordpress.visit(ask(web, HOME, health=known(first)))
    assert len([query for query in site.queries if "_embed" in query]) == 1


def test_what_was_taken_down_is_known(site: WordPress) -> None:
    web = Web(sites=[site])
    first = wordpress.visit(ask(web, HOME))
    second = wordpress.visit(ask(web, HOME, health=known(first)))
    del site.posts[1]
    third = wordpress.visit(ask(web, HOME, health=known(second)))
    assert third.listing is not None
    assert third.listing.present == frozenset(["https://lisa.example.org/?p=1"])


def test_posts_behind_a_password_and_drafts_are_nobodys_business(site: WordPress) -> None:
    site.publish(3, "Secret", "2026-11-15T08:00:00", content={"rendered": "", "protected": True})
    site.publish(4, "Draft", "2026-11-16T08:00:00", status="draft")
    assert titles(wordpress.visit(ask(Web(sites=[site]), HOME))) == ["The first day", "Worries at night"]


def test_a_short_post_is_all_there_is_of_it_and_no_excerpt(site: WordPress) -> None:
    snow = {"rendered": "<p>It snowed, and a small boy laughed.</p>"}
    site.publish(3, "Snow", "2026-11-15T08:00:00", content=snow, excerpt=snow)
    listing = wordpress.visit(ask(Web(sites=[site]), HOME)).listing
    assert listing is not None
    assert [entry.title for entry in listing.entries if is_excerpt(entry)] == []


def test_a_site_without_posts_yet_is_a_site() -> None:
    visit = wordpress.visit(ask(Web(sites=[WordPress()]), HOME))
    assert visit.listing is not None
    assert visit.listing.entries == ()


def test_tags_authors_and_the_featured_picture_come_by_name_and_size(site: WordPress) -> None:
    sizes = {
        "thumbnail": {"width": 150, "height": 150, "source_url": "https://lisa.example.org/t.jpg"},
        "large": {"width": 1024, "height": 683, "source_url": "https://lisa.example.org/l.jpg"},
        "full": {"width": 4000, "height": 2667, "source_url": "https://lisa.example.org/f.jpg"},
    }
    media = {"source_url": "https://lisa.example.org/f.jpg", "alt_text": "A lamp", "media_details": {"sizes": sizes}}
    terms = [[{"name": "Sleep", "taxonomy": "category"}], [{"name": "Bedtime", "taxonomy": "post_tag"}]]
    embedded = {"author": [{"name": "Lisa"}], "wp:featuredmedia": [media], "wp:term": terms}
    site.publish(3, "A lamp", "2026-11-15T08:00:00", _embedded=embedded)
    visit = wordpress.visit(ask(Web(sites=[site]), HOME))
    assert visit.listing is not None
    entry = visit.listing.entries[0]
    assert (entry.authors, entry.tags) == (("Lisa",), ("Sleep", "Bedtime"))
    assert entry.lead is not None
    assert (entry.lead.url, entry.lead.alt, entry.lead.width) == ("https://lisa.example.org/l.jpg", "A lamp", 1024)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_closed_api_falls_back_to_the_feed_and_stays_there(site: WordPress, status: int) -> None:
    site.closed = status
    web = Web(sites=[site])
    web.put(f"{HOME}feed/", feed("The first day", "Worries at night"), "application/rss+xml")
    visit = wordpress.visit(ask(web, HOME, kind="wordpress"))
    assert titles(visit) == ["The first day", "Worries at night"]
    web.asked.clear()
    again = wordpress.visit(ask(web, HOME, kind="wordpress", health=known(visit)))
    assert again.listing is None
    assert web.asked == [f"{HOME}feed/"]


def test_an_api_that_closes_later_falls_back_to_the_feed(site: WordPress) -> None:
    web = Web(sites=[site])
    web.put(f"{HOME}feed/", feed("The first day"), "application/rss+xml")
    visit = wordpress.visit(ask(web, HOME))
    site.closed = 401
    assert titles(wordpress.visit(ask(web, HOME, health=known(visit)))) == ["The first day"]


def test_neither_api_nor_feed_is_a_fault_in_plain_words(site: WordPress) -> None:
    site.closed = 403
    with pytest.raises(SourceFault, match="no WordPress API that is open"):
        wordpress.visit(ask(Web(sites=[site]), HOME))


def answer(body: bytes) -> Fetched:
    return Fetched(url=HOME, status=200, headers={}, body=body, validators=Validators())


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["rendered", "name", "sizes", "width"]), inner)
    ),
    max_leaves=8,
)
fields = ("id", "link", "guid", "title", "content", "excerpt", "date_gmt", "modified", "status", "_embedded")


@given(st.lists(st.dictionaries(st.sampled_from(fields), values), max_size=4))
def test_no_answer_of_any_shape_ends_in_an_error_of_ours(posts: list[dict[str, Any]]) -> None:
    web = Web()
    web.put(HOME + "wp-json/wp/v2/posts?_embed=1&per_page=50", json.dumps(posts))
    there = Health(
        name="blog",  # type: ignore[arg-type]
        url=HOME,
        address=HOME + "wp-json/wp/v2/posts",
        kind="wordpress",
        validators=Validators(),
        body_sha=None,
        next_check=NOW,
        last_ok=NOW,
    )
    try:
        visit = wordpress.visit(ask(web, HOME, health=there))
    except SourceFault:
        return
    assert visit.listing is not None
    assert all(entry.title or entry.html for entry in visit.listing.entries)


@pytest.mark.parametrize("details", ["large", 7, [1], {"sizes": "large"}, {"sizes": ["large"]}])
def test_what_can_not_be_read_of_one_picture_costs_neither_it_nor_the_posts(site: WordPress, details: Any) -> None:
    media = {"source_url": "https://lisa.example.org/cat.jpg", "media_details": details}
    site.publish(3, "With a picture", "2026-11-09T08:00:00", _embedded={"wp:featuredmedia": [media]})
    visit = wordpress.visit(ask(Web(sites=[site]), HOME))
    assert titles(visit) == ["With a picture", "The first day", "Worries at night"]
    assert visit.listing is not None
    assert visit.listing.entries[0].lead is not None
    assert visit.listing.entries[0].lead.url == "https://lisa.example.org/cat.jpg"


@pytest.mark.parametrize("cursor", ["2026-11-08T08:00:00Z", "2026-11-08T08:00:00", "2026-11-08T08:00\r", "8 Nov 2026"])
def test_what_changed_since_is_asked_for_however_the_date_is_kept(site: WordPress, cursor: str) -> None:
    web = Web(sites=[site])
    health = replace(known(wordpress.visit(ask(web, HOME))), cursor=cursor, body_sha="another")
    wordpress.visit(ask(web, HOME, health=health))
    since = [query["modified_after"] for query in site.queries if "modified_after" in query]
    assert since
    assert since[0].startswith("2026-11-07T")


def test_a_site_that_has_another_page_for_ever_is_left_after_the_newest_posts(site: WordPress) -> None:
    web = Web(sites=[site])

    def endless(url: str, **more: Any) -> Fetched:
        found = web(re.sub(r"([?&]page)=\d+", r"\1=1", url), **more)
        counted = "x-wp-totalpages" in found.headers
        return replace(found, headers={**found.headers, "x-wp-totalpages": "1000000"}) if counted else found

    wordpress.visit(replace(ask(web, HOME), fetch=endless))
    assert len(site.queries) < 50


@pytest.mark.parametrize("pages", ["", "\u00b2", "many", "-1", "9" * 5000])
def test_a_count_of_pages_that_is_none_ends_no_visit(site: WordPress, pages: str) -> None:
    web = Web(sites=[site])

    def miscounted(url: str, **more: Any) -> Fetched:
        found = web(url, **more)
        counted = "x-wp-totalpages" in found.headers
        return replace(found, headers={**found.headers, "x-wp-totalpages": pages}) if counted else found

    visit = wordpress.visit(replace(ask(web, HOME), fetch=miscounted))
    assert titles(visit) == ["The first day", "Worries at night"]


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[1, 2]", b"{}", b"[[[[", b"<html></html>", b'{"namespaces": 1}', b"[" * 100_000]
)
def test_what_is_no_api_is_not_taken_for_one(body: bytes) -> None:
    assert not wordpress.recognises(answer(body))


def test_readers_are_led_to_open_comments_only(site: WordPress) -> None:
    site.publish(3, "Open", "2026-11-09T08:00:00", comment_status="open")
    site.publish(4, "Closed", "2026-11-10T08:00:00", comment_status="closed")
    visit = wordpress.visit(ask(Web(sites=[site]), HOME))
    assert visit.listing is not None
    by_title = {entry.title: entry.comments for entry in visit.listing.entries}
    assert by_title["Open"] == "https://lisa.example.org/open/#respond"
    assert by_title["Closed"] is None
