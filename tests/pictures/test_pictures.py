"""Pictures of an issue come from the newsletter's own site, each asked for once and never trusted."""

from __future__ import annotations

import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.errors import FetchFault
from pipeline.store import pictures
from tests.drawing.test_drawing import bomb, film, saved, stripes
from tests.journeys.steps import approve, build_now, cron, folder, pull
from tests.world import World

CAT = "https://blog.example.org/uploads/cat.webp"
CAT_HTML = f'<p>{"A cat sleeps on the sofa all day long. " * 20}</p><p><img src="{CAT}" alt="A cat"/></p>'


def with_cat(world: World, body: bytes | None, html: str = CAT_HTML) -> World:
    """A new post that shows a cat, settled, known, and not yet in an issue."""
    pull(world)
    if body is not None:
        world.blog.pictures[CAT] = body
    world.blog.publish("cats", "Cats asleep", world.now, body=html)
    world.pass_time(hours=1)
    pull(world)
    return world


def mail(world: World) -> str:
    return (folder(world) / "email.html").read_text("utf-8")


def page(world: World) -> str:
    return (folder(world) / "web.html").read_text("utf-8")


def site(world: World) -> list[str]:
    return sorted(path.name for path in (world.folder / "outbox/public/pictures").glob("*"))


def asked(world: World) -> int:
    return world.blog.fetched.count(CAT)


def image(html: str) -> str:
    (found,) = re.findall(r'<img[^>]*alt="A cat"[^>]*>', html)
    return str(found)


def test_mail_and_web_page_show_a_copy_from_the_newsletter_s_own_site_with_its_true_size(world: World) -> None:
    with_cat(world, saved(stripes(1600, 800), "WEBP"))
    build_now(world)
    small, large = sorted(site(world), key=lambda name: int(name.rpartition("-")[2].removesuffix(".jpg")))
    assert small.endswith("-600.jpg")
    assert large.endswith("-1200.jpg")
    shown = image(mail(world))
    assert f'src="https://news.example.org/pictures/{large}"' in shown
    assert 'width="536"' in shown
    assert 'height="268"' in shown
    assert "srcset" not in mail(world)
    on_the_web = image(page(world))
    assert f'srcset="https://news.example.org/pictures/{small} 600w, ' in on_the_web
    assert 'width="1200" height="600"' in on_the_web
    assert CAT not in mail(world) + page(world)
    assert CAT in (world.folder / "outbox/public/rss.xml").read_text("utf-8"), "feeds keep the blog's own addresses"


def test_a_picture_is_asked_for_once_a_day_while_it_is_in_a_draft_and_then_only_whether_it_changed(
    world: World,
) -> None:
    with_cat(world, saved(stripes(800, 400), "JPEG"))
    build_now(world)
    build_now(world)
    assert asked(world) == 1
    before, files = mail(world), site(world)
    world.pass_time(days=1)
    build_now(world)
    assert asked(world) == 2
    assert (mail(world), site(world)) == (before, files), "nothing has changed, so every byte is the same"
    approve(world)
    world.pass_time(days=9)
    build_now(world)
    assert asked(world) == 2


def test_a_picture_that_was_replaced_on_the_blog_is_replaced_in_the_draft(world: World) -> None:
    with_cat(world, saved(stripes(800, 400), "JPEG"))
    build_now(world)
    old = image(mail(world))
    world.blog.pictures[CAT] = saved(stripes(900, 300), "JPEG")
    world.pass_time(days=1)
    build_now(world)
    assert image(mail(world)) != old
    assert "-900.jpg" in image(mail(world))


def test_copies_that_vanished_from_the_site_come_back_even_those_of_old_issues(world: World) -> None:
    with_cat(world, saved(stripes(800, 400), "JPEG"))
    build_now(world)
    approve(world)
    files = site(world)
    shutil.rmtree(world.folder / "outbox/public/pictures")
    world.pass_time(minutes=1)
    cron(world)
    assert site(world) == files


@pytest.mark.parametrize(
    "body",
    [b"<html>Sign in</html>", b"<svg xmlns='http://www.w3.org/2000/svg'/>", bomb(40_000, 40_000),
     saved(stripes(800, 400), "JPEG")[:500], b"\xff\xd8" + b"x" * (11 << 20)],
    ids=["a page", "a drawing", "a bomb", "half of it", "too heavy"],
)  # fmt: skip
def test_a_picture_that_can_not_be_had_keeps_its_address_and_is_said_once(world: World, body: bytes | None) -> None:
    with_cat(world, body)
    build_now(world)
    assert f'src="{CAT}"' in image(mail(world))
    assert site(world) == []
    said = [sentence for sentence in world.said if "its own address stays" in sentence]
    assert len(said) == 1
    assert CAT in said[0]
    world.said.clear()
    world.pass_time(days=1)
    build_now(world)
    assert asked(world) == 2, "it is tried again the next day"
    assert not [sentence for sentence in world.said if "its own address stays" in sentence]


@pytest.mark.parametrize("copied", [True, False])
def test_of_a_picture_that_is_gone_the_words_stand_until_it_comes_back(world: World, *, copied: bool) -> None:
    if not copied:
        world.set("[[source]]", "[pictures]\ncopy = false\n\n[[source]]")
    with_cat(world, None)
    build_now(world)
    assert "<img" not in mail(world) + page(world)
    assert "A cat" in mail(world)
    assert "A cat" in page(world)
    assert len([sentence for sentence in world.said if "its words stand" in sentence]) == copied
    world.blog.pictures[CAT] = saved(stripes(800, 400), "JPEG")
    world.pass_time(days=2)
    build_now(world)
    assert ("-800.jpg" if copied else CAT) in image(mail(world))


def test_a_picture_that_comes_back_is_copied_after_all(world: World) -> None:
    with_cat(world, None)
    build_now(world)
    world.blog.pictures[CAT] = saved(stripes(800, 400), "JPEG")
    world.pass_time(days=1)
    build_now(world)
    assert "https://news.example.org/pictures/" in image(mail(world))


def test_a_copy_outlives_its_picture(world: World) -> None:
    with_cat(world, saved(stripes(800, 400), "JPEG"))
    build_now(world)
    before = mail(world)
    del world.blog.pictures[CAT]
    world.pass_time(days=1)
    build_now(world)
    assert mail(world) == before
    with world.project() as project, project.store.reading() as tx:
        known = pictures.get(tx, CAT)
    assert known
    assert known.copy
    assert known.gone


def test_a_picture_that_only_counts_readers_is_left_out(world: World) -> None:
    with_cat(world, saved(stripes(1, 1), "GIF"))
    build_now(world)
    assert CAT not in mail(world) + page(world)
    assert "A cat sleeps on the sofa" in mail(world)
    assert site(world) == []


def test_a_moving_picture_goes_on_moving_unless_it_is_heavy(world: World) -> None:
    with_cat(world, film(3, 300, 200))
    build_now(world)
    (name,) = site(world)
    assert name.endswith("-300.gif")


def test_without_a_site_of_its_own_or_by_the_author_s_wish_pictures_keep_their_addresses(
    world: World, tmp_path: Path
) -> None:
    world.set('public_url = "https://news.example.org/"\n', "")
    with_cat(world, saved(stripes(800, 400), "JPEG"))
    build_now(world)
    assert f'src="{CAT}"' in image(mail(world))
    assert asked(world) == 0


def test_the_author_can_have_her_pictures_left_where_they_are(world: World) -> None:
    with_cat(world, saved(stripes(800, 400), "JPEG"))
    world.set("[schedule]", "[pictures]\ncopy = false\n\n[links]\ncheck = false\n\n[schedule]")
    build_now(world)
    assert f'src="{CAT}"' in image(mail(world))
    assert (asked(world), site(world)) == (0, [])


def test_a_blog_that_is_down_costs_one_try_an_hour(world: World) -> None:
    with_cat(world, saved(stripes(800, 400), "JPEG"))
    world.blog.broken = FetchFault("The server took too long.", where=CAT)
    build_now(world)
    world.now += timedelta(minutes=15)
    build_now(world)
    assert asked(world) == 1
    world.blog.broken = None
    world.now += timedelta(hours=1)
    build_now(world)
    assert "https://news.example.org/pictures/" in image(mail(world))
