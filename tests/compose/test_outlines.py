"""A list of thousands tells of each post what its long form tells."""

from __future__ import annotations

import sqlalchemy as sa
from msgspec.structs import replace

from pipeline import compose
from pipeline.model import Post
from pipeline.store import posts, tables
from tests.journeys import steps
from tests.world import World


def short(post: Post) -> Post:
    """A post as a list has it."""
    article = post.article
    kept = {"url", "title", "tags", "published", "words", "complete"}
    bare = {"html": "", "text": "", "excerpt": "", "question": None, "authors": (), "updated": None, "language": None}
    assert not kept & bare.keys()
    return replace(post, guids=(), article=replace(article, **bare, lead_image=None, removed=(), enclosures=(), comments=None, direction="ltr"))  # fmt: skip


def test_outlines_are_the_posts_without_what_is_long(world: World) -> None:
    world.blog.publish("kindness", "A jar of kind words", world.now)
    steps.pull(world)
    steps.build_now(world)
    with world.project() as project:
        section = project.settings.compose
        with project.store.reading() as tx:
            every = sorted(posts.every(tx), key=lambda post: (post.when, post.id), reverse=True)
        whole = [(post, compose.stands(project.store, section, post, world.now)) for post in every]
        told = compose.outlines(project.store, section, world.now)
        assert told == tuple((short(post), standing) for post, standing in whole)


def test_posts_of_an_older_program_are_listed_too(world: World) -> None:
    steps.pull(world)
    with world.project() as project:
        before = compose.outlines(project.store, project.settings.compose, world.now)
        with project.store.writing() as tx:
            tx.execute(sa.update(tables.posts).values(outline=None))
        assert compose.outlines(project.store, project.settings.compose, world.now) == before


def test_an_edited_post_is_listed_as_it_is_now(world: World) -> None:
    steps.pull(world)
    world.blog.posts["worries"] = replace(world.blog.posts["worries"], title="Worries at Noon")
    world.pass_time(hours=2)
    steps.pull(world)
    with world.project() as project:
        ((post, _),) = compose.outlines(project.store, project.settings.compose, world.now)
    assert post.article.title == "Worries at Noon"
