"""Whatever an author changes, in whatever order: the issue can go out, and undoing brings back exactly what was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline import compose, review
from pipeline.compose import edits
from pipeline.compose.schedule import at_once
from pipeline.compose.select import select
from pipeline.errors import NeedsPerson, UserError
from pipeline.model import Book, Change, Edit, Event, Issue, IssueNumber, Item, Links, Note, Pick, PostId, edit
from pipeline.store import issues as stored
from tests.compose.test_select import NOW, ONE, SETTINGS, known, post
from tests.journeys import steps
from tests.world import World

LINKS = Links(email="https://e.example/", web="https://w.example/", feed="https://f.example/")
POSTS = st.integers(1, 6).map(PostId)
WORDS = st.text(max_size=300)
BOOKS = st.sampled_from(("The Dot", "the dot!", "Owl Babies", "Wemberly Worried", "The Rabbit Listened"))
PICKS = BOOKS.map(
    lambda title: Pick(book=Book(title=title), origin="pinned", score=1, reason="Chosen.", matched=(), links=LINKS)
)
KEYS = BOOKS.map(lambda title: Book(title=title).key)
EVENTS = st.builds(
    Event, title=WORDS, starts=st.integers(0, 90).map(lambda days: NOW + timedelta(days=days)), note=st.none() | WORDS
)
CHANGES: st.SearchStrategy[Change] = st.one_of(
    st.builds(edit.Subject, words=WORDS),
    st.builds(edit.Preheader, words=WORDS),
    st.builds(edit.Intro, words=WORDS),
    st.builds(edit.Order, posts=st.lists(POSTS, max_size=6).map(tuple)),
    st.builds(edit.Choose, post=POSTS, choice=st.sampled_from(("keep", "skip"))),
    st.builds(edit.Pin, post=POSTS),
    st.builds(edit.Later, post=POSTS),
    st.builds(edit.Shape, post=POSTS, form=st.sampled_from(("full", "excerpt"))),
    st.builds(edit.AddBook, post=POSTS, pick=PICKS, instead=st.none() | KEYS),
    st.builds(edit.RemoveBook, post=POSTS, book=KEYS),
    st.builds(edit.AddNote, note=st.builds(Note, words=WORDS, title=st.none() | WORDS)),
    st.builds(edit.RemoveNote, note=st.builds(Note, words=WORDS, title=st.none() | WORDS)),
    st.builds(edit.AddEvent, event=EVENTS),
    st.builds(edit.RemoveEvent, title=WORDS, starts=EVENTS.map(lambda one: one.starts)),
    st.just(edit.Hold()),
)


def issue_of(members: list[tuple[PostId, bool, list[Pick]]]) -> Issue:
    made = select(known(post(1)), at_once(NOW), SETTINGS, number=ONE, created=NOW)
    assert isinstance(made, Issue)
    items, seen = [], set()
    for number, complete, picks in members:
        whole = post(number)
        article = replace(whole.article, complete=complete)
        fresh = [pick for pick in picks if pick.book.key not in seen and not seen.add(pick.book.key)]  # type: ignore[func-returns-value]
        items.append(Item(post=replace(whole, article=article), form="excerpt", picks=tuple(fresh)))
    return replace(made, items=tuple(items))


ISSUES = st.lists(
    st.tuples(POSTS, st.booleans(), st.lists(PICKS, max_size=2)), min_size=1, max_size=5, unique_by=lambda one: one[0]
).map(issue_of)


def assert_can_go_out(made: Issue) -> None:
    posts = [item.post.id for item in made.items]
    assert posts
    assert len(posts) == len(set(posts))
    books = [pick.book.key for item in made.items for pick in item.picks]
    assert len(books) == len(set(books))
    assert all(item.form == "excerpt" or item.post.article.complete for item in made.items)
    for line in (made.subject, made.preheader):
        assert line == " ".join(line.split())
        assert 0 < len(line) <= edits.LONGEST
    assert list(made.events) == sorted(made.events, key=lambda event: (event.starts, event.title))
    assert made.intro is None or made.intro.strip()
    assert all(note.words.strip() for note in made.notes)


@given(ISSUES, st.lists(CHANGES, max_size=12))
def test_any_changes_of_any_issue_make_an_issue_that_can_go_out(made: Issue, changes: list[Change]) -> None:
    changed = edits.apply(made, changes)
    assert_can_go_out(changed)
    assert {item.post.id for item in changed.items} == {item.post.id for item in made.items}
    assert changed == edits.apply(made, changes)


@given(ISSUES, st.lists(CHANGES, max_size=8), CHANGES)
def test_a_change_that_was_undone_is_as_if_it_had_never_been(made: Issue, changes: list[Change], one: Change) -> None:
    written = [Edit(id=at, issue=ONE, at=NOW, by="Lisa", change=each) for at, each in enumerate((*changes, one))]
    last = edits.to_undo(written)
    assert last is not None
    undone = [replace(each, undone=each is last) for each in written]
    assert edits.apply(made, edits.in_force(undone)) == edits.apply(made, changes)
    assert edits.to_redo(undone) == replace(last, undone=True)
    assert edits.wishes(edits.in_force(undone)) == edits.wishes(changes)


@given(ISSUES, st.lists(POSTS, max_size=6))
def test_an_order_loses_nobody_and_puts_those_named_first(made: Issue, order: list[PostId]) -> None:
    there = [item.post.id for item in made.items]
    after = [item.post.id for item in edits.apply(made, [edit.Order(posts=tuple(order))]).items]
    assert sorted(after) == sorted(there)
    named = [one for one in dict.fromkeys(order) if one in there]
    assert after[: len(named)] == named


@given(st.lists(CHANGES, max_size=10))
def test_the_latest_word_about_a_post_counts(changes: list[Change]) -> None:
    told = edits.wishes(changes)
    assert not told.pinned & told.later


def pick_of(title: str) -> Pick:
    return Pick(book=Book(title=title), origin="pinned", score=1, reason="Chosen.", matched=(), links=LINKS)


def change(world: World, wanted: Change, number: int = 1) -> None:
    with world.project() as project:
        compose.change(
            project.store, project.settings.compose, IssueNumber(number), wanted, by="Lisa", now=world.now
        )  # fmt: skip


def undo(world: World) -> None:
    with world.project() as project:
        compose.undo(project.store, project.settings.compose, ONE, now=world.now)


def redo(world: World) -> None:
    with world.project() as project:
        compose.redo(project.store, project.settings.compose, ONE, now=world.now)


def planned(world: World) -> compose.Plan:
    with world.project() as project:
        return compose.plan(project.store, project.settings.compose, world.now)


def draft(world: World) -> Issue:
    with world.project() as project, project.store.reading() as tx:
        made = stored.get(tx, ONE)
    assert made is not None
    return made


@pytest.fixture
def three(world: World) -> World:
    """Three new posts; the newest leads."""
    for at, title in enumerate(("A jar of kind words", "The first day at school")):
        world.blog.publish(f"post-{at}", title, world.now - timedelta(days=1, hours=-at))
    steps.pull(world)
    for known_post, standing in planned(world).posts:
        if standing.state == "before":
            with world.project() as project:
                compose.choose(project.store, known_post.id, "keep", world.now)
    return world


def test_what_is_changed_before_there_is_a_draft_is_in_the_draft(three: World) -> None:
    change(three, edit.Subject(words="Words from Lisa"))
    change(three, edit.Intro(words="Dear *reader*,"))
    assert planned(three).issue == replace(planned(three).issue or draft(three), subject="Words from Lisa")
    steps.build_now(three)
    assert (draft(three).subject, draft(three).intro) == ("Words from Lisa", "Dear *reader*,")


def test_building_again_and_new_posts_keep_what_was_changed(three: World) -> None:
    steps.build_now(three)
    order = tuple(item.post.id for item in draft(three).items)[::-1]
    change(three, edit.Order(posts=order))
    change(three, edit.AddNote(note=Note(words="I am on holiday next week.")))
    three.blog.publish("late", "A late arrival", three.now)
    three.pass_time(hours=1)
    steps.pull(three)
    steps.build_now(three)
    assert [item.post.id for item in draft(three).items][:3] == list(order)
    assert len(draft(three).items) == 4
    assert "on holiday next week" in (steps.folder(three) / "email.html").read_text()
    assert "on holiday next week" in (steps.folder(three) / "email.txt").read_text()
    assert "on holiday next week" in (steps.folder(three) / "issue.json").read_text()


def test_undo_and_redo_go_back_and_forth_and_a_new_change_ends_what_could_be_redone(three: World) -> None:
    steps.build_now(three)
    before = draft(three)
    change(three, edit.Subject(words="One"))
    one = draft(three)
    change(three, edit.Subject(words="Two"))
    two = draft(three)
    undo(three)
    assert draft(three) == one
    undo(three)
    assert draft(three) == before
    undo(three)
    assert draft(three) == before
    redo(three)
    redo(three)
    redo(three)
    assert draft(three) == two
    undo(three)
    change(three, edit.Subject(words="Three"))
    redo(three)
    assert draft(three).subject == "Three"
    undo(three)
    redo(three)
    assert draft(three).subject == "Three", "what was undone before it is not made again in its place"
    undo(three)
    assert draft(three) == one
    redo(three)
    redo(three)
    assert draft(three).subject == "Three"


def test_the_same_form_sent_twice_is_one_change(three: World) -> None:
    gone = planned(three).posts[0][0].id
    for wanted in (
        edit.Subject(words="Once"),
        edit.Choose(post=gone, choice="skip"),
        edit.AddNote(note=Note(words="Hi")),
    ):
        change(three, wanted)
        change(three, wanted)
    change(three, edit.Subject(words="Once"))
    assert len(planned(three).edits) == 3


def test_skipping_a_post_is_for_good_and_undoing_it_brings_the_post_back(three: World) -> None:
    first = planned(three).issue
    assert first is not None
    gone = first.items[0].post.id
    change(three, edit.Choose(post=gone, choice="skip"))
    with three.project() as project:
        told = dict(compose.outlines(project.store, project.settings.compose, three.now))
    assert {known_post.id: standing.state for known_post, standing in told.items()}[gone] == "skipped"
    after = planned(three).issue
    assert after is not None
    assert gone not in [item.post.id for item in after.items]
    undo(three)
    assert planned(three).issue == first


def test_a_post_for_later_waits_for_the_next_issue(three: World) -> None:
    plan = planned(three).issue
    assert plan is not None
    later = plan.items[0].post.id
    change(three, edit.Later(post=later))
    steps.build_now(three)
    assert later not in [item.post.id for item in draft(three).items]
    steps.subscribe(three, "ann@example.org")
    steps.approve(three)
    steps.send(three)
    following = planned(three).issue
    assert following is not None
    assert [item.post.id for item in following.items] == [later]


def test_a_post_that_was_to_be_the_only_one_of_a_turn_comes_with_the_next_when_it_was_put_off(world: World) -> None:
    world.set('cadence = "each"', 'cadence = "weekly"')
    steps.pull(world)
    plan = planned(world)
    assert plan.issue is not None
    only = plan.issue.items[0].post.id
    change(world, edit.Later(post=only))
    assert planned(world).waiting == "no post is new but 1 that you left for the issue after it"
    assert [stands.reason for _, stands in planned(world).posts] == ["you left it for the issue after this one"]
    world.now = datetime(2026, 11, 24, 9, 0, 30, tzinfo=UTC)
    steps.cron(world)
    assert planned(world).draft is False
    world.now = datetime(2026, 12, 1, 9, 0, 30, tzinfo=UTC)
    steps.cron(world)
    assert [item.post.id for item in draft(world).items] == [only]
    steps.cron(world)
    assert planned(world).draft is True


def test_the_only_post_of_a_draft_that_is_put_off_comes_with_the_next_turn(world: World) -> None:
    world.set('cadence = "each"', 'cadence = "weekly"')
    world.now = datetime(2026, 11, 24, 9, 0, 30, tzinfo=UTC)
    steps.cron(world)
    only = draft(world).items[0].post.id
    world.pass_time(hours=6)
    change(world, edit.Later(post=only))
    for _ in range(6):
        steps.cron(world)
        assert planned(world).draft is False
        world.pass_time(days=1)
    change(world, edit.Later(post=only))
    world.now = datetime(2026, 12, 1, 9, 0, 30, tzinfo=UTC)
    steps.cron(world)
    assert planned(world).draft is False
    world.now = datetime(2026, 12, 8, 9, 0, 30, tzinfo=UTC)
    steps.cron(world)
    assert [item.post.id for item in draft(world).items] == [only]


def test_a_post_put_off_while_others_go_is_out_of_that_issue_however_long_it_waits_for_its_yes(three: World) -> None:
    three.set('cadence = "each"', 'cadence = "weekly"')
    three.now = datetime(2026, 11, 24, 9, 0, 30, tzinfo=UTC)
    steps.cron(three)
    later = draft(three).items[0].post.id
    change(three, edit.Later(post=later))
    for _ in range(4):
        three.pass_time(days=7)
        steps.cron(three)
        assert later not in [item.post.id for item in draft(three).items]


@pytest.mark.parametrize("cadence", ["each", "weekly"])
@pytest.mark.parametrize("back", ["keep", "pin"])
@pytest.mark.parametrize("away", ["skip", "later"])
def test_a_post_that_was_put_off_and_then_wanted_after_all_is_in_the_issue_that_names_it(
    three: World, away: str, back: str, cadence: str
) -> None:
    three.set('cadence = "each"', f'cadence = "{cadence}"')
    steps.build_now(three)
    post = draft(three).items[0].post.id
    change(three, edit.Later(post=post) if away == "later" else edit.Choose(post=post, choice="skip"))
    assert post not in [item.post.id for item in draft(three).items]
    change(three, edit.Pin(post=post) if back == "pin" else edit.Choose(post=post, choice="keep"))
    made = draft(three)
    assert post in [item.post.id for item in made.items]
    assert len(made.items) == 3


def test_a_pinned_post_is_in_the_issue_although_it_may_still_change(world: World) -> None:
    world.set('cadence = "each"', 'cadence = "weekly"')
    world.set('settle = "30m"', 'settle = "5d"')
    world.blog.publish("fresh", "Just published", world.now)
    steps.pull(world)
    fresh = next(known_post for known_post, standing in planned(world).posts if standing.state == "settling")
    world.now = datetime(2026, 11, 24, 9, 0, 30, tzinfo=UTC)
    steps.cron(world)
    assert planned(world).draft is False
    change(world, edit.Pin(post=fresh.id))
    steps.cron(world)
    assert [item.post.id for item in draft(world).items] == [fresh.id]


def test_a_book_may_be_swapped_added_and_taken_away(three: World) -> None:
    plan = planned(three).issue
    assert plan is not None
    with_books = next(item for item in plan.items if item.picks)
    out = with_books.picks[0].book.key
    change(three, edit.AddBook(post=with_books.post.id, pick=pick_of("Owl Babies"), instead=out))
    swapped = planned(three).issue
    assert swapped is not None
    item = next(one for one in swapped.items if one.post.id == with_books.post.id)
    assert item.picks[0].book.title == "Owl Babies"
    change(three, edit.RemoveBook(post=with_books.post.id, book=pick_of("Owl Babies").book.key))
    removed = planned(three).issue
    assert removed is not None
    assert "Owl Babies" not in [pick.book.title for one in removed.items for pick in one.picks]


def test_an_approved_issue_can_be_changed_only_when_the_yes_is_taken_back(three: World) -> None:
    steps.build_now(three)
    steps.approve(three)
    with pytest.raises(NeedsPerson, match="approved"):
        change(three, edit.Subject(words="Too late?"))
    with three.project() as project:
        review.withdraw(ONE, project.store, by="Lisa", now=three.now)
    change(three, edit.Subject(words="In time"))
    assert draft(three).subject == "In time"
    with three.project() as project:
        told = review.overview(project.store, project.settings.review)
    assert [line.state for line in told] == ["draft"]


def test_files_that_were_edited_by_hand_are_not_changed_under_her(three: World) -> None:
    steps.build_now(three)
    file = steps.folder(three) / "email.txt"
    file.write_text(file.read_text() + "By hand.\n")
    with pytest.raises(NeedsPerson, match="edited by hand"):
        change(three, edit.Subject(words="Over it"))


def test_an_issue_that_is_not_next_can_t_be_changed(three: World) -> None:
    with pytest.raises(UserError, match="no issue 7"):
        change(three, edit.Subject(words="Seven"), number=7)


def test_a_held_issue_is_not_approved_by_the_rule(three: World) -> None:
    three.set('approval = "required"', 'approval = "automatic"')
    change(three, edit.Hold())
    steps.build_now(three)
    steps.cron(three)
    with three.project() as project, project.store.reading() as tx:
        assert stored.approval(tx, ONE) is None
    undo(three)
    steps.cron(three)
    with three.project() as project, project.store.reading() as tx:
        assert stored.approval(tx, ONE) is not None


def test_who_changed_what_and_when_is_remembered(three: World) -> None:
    change(three, edit.Subject(words="Mine"))
    undo(three)
    with three.project() as project:
        (written,) = compose.plan(project.store, project.settings.compose, three.now).edits
    assert (written.by, written.at, written.undone) == ("Lisa", three.now, True)


def test_a_correction_in_between_takes_nobody_s_changes(three: World) -> None:
    steps.subscribe(three, "ann@example.org")
    steps.build_now(three)
    steps.approve(three)
    steps.send(three)
    three.blog.publish("next", "The next one", three.now)
    three.pass_time(days=1)
    steps.pull(three)
    change(three, edit.Subject(words="Hello again"), number=2)
    with three.project() as project:
        compose.correct(ONE, project.store, project.settings.compose, said="It is Tuesday.", named=None, now=three.now)
    steps.build_now(three)
    with three.project() as project, project.store.reading() as tx:
        made = stored.get(tx, IssueNumber(3))
    assert made is not None
    assert made.subject == "Hello again"
