"""What stands beside the documents of posts and issues tells the same as the documents, and may be missing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from pipeline import compose, folder, review, run, syndicate
from pipeline.model import IssueNumber, SourceName
from pipeline.store import Tx, carriers, issues, posts, tables
from tests.journeys import steps
from tests.world import World


@pytest.fixture
def mailed(world: World) -> World:
    """An issue with one post has gone to two readers; another post waits."""
    steps.subscribe(world, "ann@example.org", "ben@example.org")
    steps.pull(world)
    steps.build_now(world)
    steps.approve(world)
    steps.send(world)
    world.pass_time(hours=1)
    world.blog.publish("kindness", "A jar of kind words", world.now)
    world.pass_time(hours=2)
    steps.cron(world)
    return world


def forget(tx: Tx) -> None:
    """As an older program leaves rows."""
    tx.execute(sa.update(tables.posts).values(outline=None, moment=None))
    tx.execute(sa.update(tables.issues).values(outline=None, created=None))
    tx.execute(sa.update(tables.approvals).values(told=None))


@pytest.mark.parametrize("bare", [False, True], ids=["noted", "as an older program left it"])
def test_what_a_run_asks_for_is_what_all_documents_tell(mailed: World, bare: bool) -> None:
    with mailed.project() as project, project.store.writing() as tx:
        if bare:
            forget(tx)
        every, whole = posts.every(tx), issues.every(tx)
        newest = sorted(every, key=lambda post: (post.when, post.id), reverse=True)
        assert sorted(posts.newest(tx, 10)) == sorted(post.id for post in every)
        assert set(posts.newest(tx, 1)) >= {newest[0].id}
        assert set(posts.earlier(tx, 10, mailed.now)) == set(issues.placed(tx))
        assert posts.count(tx) == len(every)
        assert posts.first_day(tx) == min(post.first_seen for post in every)
        placed = issues.placed(tx)
        drafts = [issue for issue in whole if not issues.settled(tx, issue.number)]
        assert issues.unsettled(tx) == drafts
        assert issues.all_settled(tx) == {issue.number for issue in whole} - {issue.number for issue in drafts}
        assert {post.id for post in every} - set(posts.eligible(tx)) == set(placed)
        for draft in drafts:
            assert set(posts.eligible(tx, draft.number)) >= {item.post.id for item in draft.items}
        assert [number for number, _ in issues.unsent(tx)] == [issue.number for issue in drafts]
        assert issues.agreed(tx).keys() == issues.all_settled(tx)
        assert issues.last_number(tx) == max(issue.number for issue in whole)
        for one, issue in zip(reversed(issues.outlines(tx)), whole, strict=True):
            assert one.folder == issue.folder
            assert one.slot == issue.slot
            assert [item.post.article.title for item in one.items] == [item.post.article.title for item in issue.items]
            assert (one.title, one.subject, one.preheader) == (issue.title, issue.subject, issue.preheader)
            assert one.created == issue.created


def test_a_post_that_changed_after_it_was_mailed_is_found(mailed: World) -> None:
    with mailed.project() as project, project.store.reading() as tx:
        assert posts.changed_since_mailed(tx) == []
    worries = mailed.blog.posts["worries"]
    mailed.blog.posts["worries"] = replace(worries, html=worries.html.replace("slowly", "very slowly"))
    mailed.pass_time(hours=3)
    steps.cron(mailed)
    with mailed.project() as project, project.store.writing() as tx:
        (changed,) = posts.changed_since_mailed(tx)
        assert issues.placed(tx)[changed] == 1
        forget(tx)
        assert changed in posts.changed_since_mailed(tx)


def record(world: World) -> Path:
    (found,) = (world.folder / "outbox/issues").glob("1-*")
    return found / folder.RECORD


def test_a_record_of_a_sent_issue_is_opened_only_when_it_changed(
    mailed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps.cron(mailed)
    opened, real = list[Path](), folder.read

    def read(path: Path) -> dict[str, Any] | None:
        opened.append(path)
        return real(path)

    monkeypatch.setattr(folder, "read", read)
    with mailed.project() as project:
        list(review.due(project.store, project.settings.review, mailed.now))
    assert record(mailed).parent not in opened
    told = json.loads(record(mailed).read_text())
    record(mailed).write_text(json.dumps(told | {"state": "draft"}))
    steps.cron(mailed)
    assert json.loads(record(mailed).read_text())["state"] == "sent"


def test_files_of_an_issue_that_went_out_bring_no_work(mailed: World) -> None:
    steps.cron(mailed)
    (record(mailed).parent / "email.html").write_text("edited after it had gone")
    with mailed.project() as project:
        now = mailed.now + timedelta(minutes=1)
        assert list(review.due(project.store, project.settings.review, now)) == []
    report = steps.cron(mailed)
    assert not report.errors
    with mailed.project() as project, project.store.reading() as tx:
        line = next(line for line in review.overview(project.store, project.settings.review) if line.issue.number == 1)
        assert line.state == "sent"
        assert issues.approval(tx, IssueNumber(1)) is not None


def test_a_page_of_the_archive_follows_its_file(mailed: World) -> None:
    page = record(mailed).parent / "web.html"
    public = mailed.folder / "outbox/public/issues" / page.parent.name / "index.html"
    steps.cron(mailed)
    with mailed.project() as project:
        assert list(syndicate.due(project.store, project.settings.syndicate, mailed.now)) == []
    page.write_bytes(page.read_bytes().replace(b"</title>", b"!</title>"))
    steps.cron(mailed)
    assert b"!</title>" in public.read_bytes()


def test_of_posts_that_wait_for_their_turn_only_those_are_read_that_may_want_her_word(mailed: World) -> None:
    mailed.set('cadence = "each"', 'cadence = "weekly"')
    for name in ("a", "b", "c"):
        mailed.blog.publish(name, f"Words of {name}", mailed.now)
    mailed.pass_time(hours=2)
    steps.pull(mailed)
    with mailed.project() as project, project.store.writing() as tx:
        waiting = posts.eligible(tx)
        assert len(waiting) == 3
        assert posts.questionable(tx) == []
        posts.hold(tx, waiting[0], "it looks old")
        entry = sa.select(tables.cleanings.c.entry).where(tables.cleanings.c.post == waiting[1]).scalar_subquery()
        tx.execute(sa.update(tables.entries).where(tables.entries.c.id == entry).values(gone=mailed.now))
        assert posts.questionable(tx) == waiting[:2]
        carriers.confirm(tx, mailed.now)
        assert posts.questionable(tx) == waiting
    with mailed.project() as project:
        (said,) = compose.work(compose.HELD, project.store, project.settings.compose, project.out).attention
        assert said.startswith("3 posts are held until you decide")
        assert compose.HELD in compose.due(project.store, project.settings.compose, mailed.now)


ONE_BY_ONE = ("entries", "posts", "picks", "cleanings", "post_keys", "outcomes", "signals", "consents")
"""Tables that grow with every post and every copy, for as long as the newsletter lives."""


@contextmanager
def asked() -> Iterator[dict[str, Any]]:
    """Each statement that a database is asked meanwhile, with the values it was asked with last."""
    found = dict[str, Any]()

    def heard(_tx: object, _cursor: object, statement: str, values: Any, _context: object, _many: bool) -> None:
        found[statement] = values

    sa.event.listen(sa.Engine, "before_cursor_execute", heard)
    try:
        yield found
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", heard)


def test_a_run_with_nothing_to_do_reads_no_table_of_posts_or_copies_from_end_to_end(mailed: World) -> None:
    steps.cron(mailed)
    mailed.pass_time(minutes=5)
    with mailed.project() as project:
        if project.store.shared:
            pytest.skip("PostgreSQL scans whatever is small")
        with asked() as heard:
            run.walk(project)
        with project.store.reading() as tx:
            for statement, values in heard.items():
                if not statement.startswith("SELECT"):
                    continue
                plan = [row.detail for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
                # An index may be walked through: it holds no documents, and is read a hundred times as quickly.
                walked = [
                    step for step in plan if re.fullmatch(rf"SCAN ({'|'.join(ONE_BY_ONE)})\b(?!.* COVERING ).*", step)
                ]
                assert not walked, statement
    assert len(heard) > 30


def test_which_post_of_a_source_was_its_first_new_one_is_asked_of_an_index_in_their_order(mailed: World) -> None:
    with mailed.project() as project, project.store.reading() as tx:
        with asked() as heard:
            assert posts.oldest_new(tx, SourceName("blog"), mailed.now + timedelta(days=1)) is not None
        ((statement, values),) = heard.items()
        if project.store.shared:
            tx.exec_driver_sql("SET LOCAL enable_seqscan = off")  # whatever is small it would scan
        plan = str(
            tx.exec_driver_sql(f"EXPLAIN {'' if project.store.shared else 'QUERY PLAN '}{statement}", values).all()
        )
    assert "ix_posts_source" in plan
    assert "Sort" not in plan
    assert "ORDER BY" not in plan
