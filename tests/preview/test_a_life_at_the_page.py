"""Lives at the author's page, made up at random: two tabs with old pages, a cron, commands and an editor beside them.

Whatever the pages offer is done in any order; the forms are found in the pages themselves. The same lives each time;
LIVES=100 in the environment lives a hundred of them, each for about ten seconds.
"""

from __future__ import annotations

import difflib
import os
import random
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from pipeline import books, compose, config, review, run
from pipeline.books import changing, exchange
from pipeline.compose import edits
from pipeline.compose.drafting import UNDONE
from pipeline.errors import PaperroundError
from pipeline.model import Book, Edit, Issue, IssueNumber, Slot
from pipeline.run import opened_store
from pipeline.store import Store, issues, tables
from pipeline.store import edits as kept
from tests.journeys import killing, steps
from tests.journeys.test_a_life import copy
from tests.journeys.test_identity import body
from tests.preview.author import ORIGIN, Author, at_her_page, words
from tests.preview.tab import Form, Page, Tab
from tests.world import START, World

FILES = ("newsletter.toml", "books.toml", "events.toml")
TOKEN = re.compile(r"kept\d+y")
NAVIGATION = ("/", "/issues", "/posts", "/books", "/subscribers", "/health", "/settings")
CHANGES = re.compile(r"/issue/N/(?!undo|redo)|/posts/N/(keep|skip)")
ODD = (
    "", " ", "x" * 5000, "🦉 𝒶 ß İ", "one\r\ntwo\r\n\r\nthree", "<script>alert(1)</script><b>", "a\0b\x07\x1b[2J\x85",
    "{{ 7*7 }} {% raw %} %recipient.x%", "[x](javascript:alert(1)) ![](http://x/y.png)", "\u202eright\u2028left", "9" * 30,
    "9" * 5000, "0001-01-01T00:00", "9999-12-31T23:59", "-1", "../../x", "a@b", "' OR 1=1 --", "²",
)  # fmt: skip
ISBNS = ("9780763619619", "0763619612", "9781442429321", "978076361961X")
TYPED: Mapping[str, tuple[str, ...]] = {
    "email": ("ann@example.org", "Bob@Example.org", "cyd@example.org", "ü@exämple.org", "dora+x@example.org"),
    "datetime-local": ("2026-12-04T19:00", "2027-01-01T00:00", "0001-01-01T00:00", "9999-12-31T23:59"),
    "themes": ("courage", "worry, love"),
    "ages": ("4-8", "x"),
    "url": ("", "https://blog.example.org/r", "javascript:alert(1)"),
}
SET: Mapping[str, tuple[str, ...]] = {
    "newsletter.timezone": ("America/New_York", "Europe/Berlin", "Pacific/Kiritimati", "Mars/Base"),
    "newsletter.postal_address": ("12 Main Street", 'Say "hello" \\ there'),
    "schedule.settle": ("30m", "1h", "soon"),
    "schedule.at": ("09:00", "noon"),
    "books.per_post": ("1", "0", "-1", "many"),
    "books.ages": ("3-12", "x"),
    "newsletter.language": ("en", "de", "qq"),
    "newsletter.title": (),
    "books.disclosure": (),
}
"""Settings that she changes by typing, and to what."""
PLAN = ("number", "issue", "reason to wait", "choices", "posts")
BLANK = Issue(
    number=IssueNumber(1), slug="x", slot=Slot(key="x", due=START), title="", subject="", preheader="", intro=None,
    created=START, items=(),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is so at a moment, whatever a page says of it."""

    edits: Mapping[int, tuple[Edit, ...]]
    issues: frozenset[int]
    yes: Mapping[int, tuple[str, str]]
    begun: Mapping[int, str]
    readers: Mapping[int, tuple[str, str]]
    corrections: Mapping[int, str]
    choices: Mapping[int, str]
    files: Mapping[str, bytes]

    @property
    def made(self) -> dict[int, Issue]:
        """What her changes come to, for each issue."""
        return {number: edits.apply(BLANK, edits.in_force(some)) for number, some in self.edits.items()}

    @property
    def words(self) -> frozenset[str]:
        """Every word of hers that is kept and in force, in its issue or file."""
        text = [str(one) for one in self.made.values()]
        text += [*self.corrections.values(), *(one.decode("utf-8", "replace") for one in self.files.values())]
        return frozenset(TOKEN.findall(" ".join(text)))


def known(store: Store, folder: Path) -> Known:
    """As the state and the author's files have it."""
    with store.reading() as tx:
        places = [int(one) for (one,) in tx.execute(sa.select(tables.edits.c.issue).distinct())]
        there = {int(one.number): one for one in issues.outlines(tx)}
        drafts = issues.some(tx, (IssueNumber(number) for number, one in there.items() if one.corrects))
        readers = tx.execute(sa.select(tables.subscribers)).all()
        sendings = tx.execute(sa.select(tables.sendings)).all()
        choices = tx.execute(sa.select(tables.choices)).all()
        yes = {number: issues.approval(tx, IssueNumber(number)) for number in there}
        return Known(
            edits={place: tuple(kept.of(tx, IssueNumber(place))) for place in places},
            issues=frozenset(there),
            yes={number: (one.sha, one.by) for number, one in yes.items() if one},
            begun={int(one.number): one.sha for one in sendings},
            readers={int(one.id): (one.address, one.state) for one in readers},
            corrections={int(one.number): one.corrects.said for one in drafts if one.corrects},
            choices={int(one.post): one.choice for one in choices},
            files={name: path.read_bytes() for name in FILES if (path := folder / "sources" / name).exists()},
        )


def letter(raw: bytes) -> tuple[Any, ...]:
    """A mail without what is each reader's own."""
    mail = message_from_bytes(raw, policy=policy.default)
    own = ("to", "message-id", "date", "list-unsubscribe", "content-type")
    heads = [(name, str(value)) for name, value in mail.items() if name.lower() not in own]
    parts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
    return heads, [re.sub(r"unsubscribe/[\w-]+", "unsubscribe/…", part).split("\n") for part in parts]


class Life:
    """An author with two tabs, and everything that happens beside them."""

    def __init__(self, world: World, author: Author, store: Store, dice: random.Random) -> None:
        self.world, self.author, self.store, self.dice = world, author, store, dice
        self.sources = world.folder / "sources"
        self.tabs = (Tab(), Tab())
        self.count = self.written = 0
        self.slugs: list[str] = []
        self.shown: dict[str, bytes] = {}
        self.yes: dict[int, str] = {}
        self.mended: dict[Path, bytes] = {}
        self.mails: set[Path] = set()

    def begins(self) -> None:
        """With posts, a few readers, and files that have remarks in them."""
        self.world.blog.posts.clear()
        for days in (60, 30, 2):
            self._publish(days)
        steps.subscribe(self.world, *(f"reader{at}@example.org" for at in range(self.dice.choice([1, 3, 7]))))
        eol = self.dice.choice(["\n", "\n", "\r\n"])
        for name in FILES[:2]:
            path = self.sources / name
            lines = path.read_text("utf-8").splitlines()
            remarked = [
                f"{line}{self.dice.choice(['', '', '  # remark']) if line[:1].isalpha() else ''}" for line in lines
            ]
            path.write_bytes("".join(f"# on line {at}{eol}{one}{eol}" for at, one in enumerate(remarked)).encode())
        self.world.pass_time(hours=2)
        self._walk()

    def does(self, what: str, how: dict[str, Any]) -> None:
        """One thing happens, and what was promised still holds."""
        print(f"{self.world.now:%d %b %H:%M} {what} {how}")  # noqa: T201 - pytest shows it of a life that fails
        getattr(self, what)(**how)
        self._nothing_went_out_but_what_was_approved()

    def _known(self) -> Known:
        return known(self.store, self.world.folder)

    # At the page

    def she_looks(self, tab: int, at: float) -> None:
        """At a page that some page of this tab leads to."""
        pages = self.tabs[tab].pages
        led = sorted({link for page in pages.values() for link in page.links() if "readers.csv" not in link})
        self._look(tab, (*NAVIGATION, *led)[int(at * (len(NAVIGATION) + len(led)))])

    def _look(self, tab: int, address: str) -> Page:
        answer = self.author.client.get(address)
        self._is_an_answer(answer.status_code, answer.text)
        return self._opens(tab, answer.url.raw_path.decode(), answer.text)

    def _opens(self, tab: int, address: str, html: str) -> Page:
        """A page that this tab has from now on; where it can be approved its whole source is looked at, too."""
        page = Page(address=address, html=html, known=self._known())
        path, _, asked = address.partition("?")
        self.tabs[tab].pages[path] = page
        if found := re.search(r'<code title="([0-9a-f]{64})">', html):
            whole = self.author.look(f"{path}?{asked}&part=source")
            assert found[0] in whole, "the same page shows another hash"
            raw = re.search(r'<pre class="raw"[^>]*>(.*?)</pre>', whole, re.DOTALL)
            assert raw
            self.shown[found[1]] = unescape(raw[1]).encode()
        return page

    def she_sends(self, tab: int, seed: int) -> None:
        """A form of one of this tab's pages, as old as it is."""
        dice = random.Random(seed)
        chosen = self._some_form(tab, dice)
        if chosen:
            self._send(tab, *chosen, dice)

    def _some_form(self, tab: int, dice: random.Random, only: Callable[[str], bool] = bool) -> tuple[Page, Form] | None:
        by_kind: dict[str, list[tuple[Page, Form]]] = {}
        for page, form in self.tabs[tab].has():
            if only(form.does):
                by_kind.setdefault(form.does, []).append((page, form))
        return dice.choice(by_kind[dice.choice(sorted(by_kind))]) if by_kind else None

    def _send(self, tab: int, page: Page, form: Form, dice: random.Random) -> tuple[int, str]:
        fields, upload = self._filled(page, form, dice)
        print(f"    {form.action} {str({k: v for k, v in fields.items() if k != 'csrf' and v})[:300]}")  # noqa: T201
        if form.asks:
            answer = self.author.client.get(form.action, params=fields)
            self._is_an_answer(answer.status_code, answer.text)
            return answer.status_code, ""
        before = self._known()
        origin = {"origin": ORIGIN, "referer": f"{ORIGIN}{page.address}"}
        answer = self.author.client.post(form.action, data=fields, files=upload or None, headers=origin)
        self.author.desk.errands.wait(60)
        said = words(answer.text)
        print(f"    {answer.status_code} {told(answer.text)[:300]}")  # noqa: T201
        self._is_an_answer(answer.status_code, answer.text)
        after = self._known()
        Deed(page=page, form=form, fields=fields, before=before, after=after, said=said).is_as_it_should_be()
        if answer.status_code < 400:
            self._note_a_yes(form, fields, after)
            self._opens(tab, answer.url.raw_path.decode(), answer.text)
        return answer.status_code, said

    def _note_a_yes(self, form: Form, fields: Mapping[str, str], after: Known) -> None:
        if form.does == "/go/N/approve" and (found := after.yes.get(int(form.action.split("/")[2]))):
            self.yes[int(form.action.split("/")[2])] = found[0]

    def _filled(self, page: Page, form: Form, dice: random.Random) -> tuple[dict[str, str], dict[str, Any]]:
        fields = dict(form.holds) | dict(dice.choice(form.buttons))
        upload: dict[str, Any] = {}
        settings = [*form.typed, *form.choices] if form.does == "/settings/look" else None
        mine = set(dice.sample(settings, 2) + dice.sample(sorted(SET), 2)) if settings else {*form.typed, *form.choices}
        for name in sorted(mine & {*form.typed, *form.choices}):
            kind = form.typed.get(name, "")
            if name in form.choices:
                fields[name] = dice.choice(
                    [one for one in form.choices[name] if name != "delivery.provider" or one in ("", "outbox")]
                )
            elif kind == "file":
                upload[name] = ("C:\\readers.csv", self._csv(dice), "text/csv")
            elif kind.startswith("checkbox"):
                fields.update({name: kind.partition(" ")[2]} if dice.random() < 0.8 else {})
            elif not settings or name in SET or dice.random() < 0.2:
                fields[name] = self._typed(page, name, kind, dice, fields.get(name, ""))
        return fields, upload

    def _typed(self, page: Page, name: str, kind: str, dice: random.Random, there: str) -> str:
        if dice.random() < 0.15:
            return dice.choice(ODD)
        if dice.random() < 0.1:
            return there
        if name == "isbn":
            return dice.choice(ISBNS)
        addresses: list[str] = re.findall(r"[\w.+-]+@example\.org", page.html)
        if name == "address" and addresses and dice.random() < 0.7:
            return dice.choice(addresses)
        options = {**TYPED, **SET}.get(name) or TYPED.get(kind)
        if options:
            return dice.choice(options)
        self.count += 1
        return f"{dice.choice(['', 'Some '])}kept{self.count}y{dice.choice(['', ' and *more*', ODD[dice.randrange(3, 10)]])}"

    def _csv(self, dice: random.Random) -> bytes:
        rows = [
            f"{dice.choice('efgh')}{dice.randint(0, 9)}@example.org,{dice.choice(['Eve', '', '=1+1'])}"
            for _ in range(3)
        ]
        return dice.choice(
            ["\n".join(["email,name", *rows]).encode(), b"", b"\xff\xfe\0", b"name\nx", b"email\n" + b"x" * 9000]
        )

    def she_changes_and_undoes(self, tab: int, seed: int) -> None:
        """Something about the next issue; then everything is exactly as it was, and as changed when it is done again."""
        dice = random.Random(seed)
        page = self._look(tab, "/")
        chosen = self._some_form(tab, dice, lambda does: bool(CHANGES.match(does) and "posts" not in does))
        if chosen is None or chosen[0] is not page:
            return
        before, edits_before = self._plan(), self._known().edits
        approved = [number for number in self._known().yes if number not in self._known().begun]
        status, said = self._send(tab, *chosen, dice)
        changed = self._plan()
        if status >= 400 or self._known().edits == edits_before or approved or UNDONE.strip() in said:
            return
        for what, wanted in (("undo", before), ("redo", changed)):
            page = self._look(tab, "/")
            form = next((form for form in page.forms() if form.does == f"/issue/N/{what}"), None)
            assert form, f"nothing to {what}"
            self._send(tab, page, form, dice)
            for name, there, was in zip(PLAN, self._plan(), wanted, strict=False):
                assert there == was, f"{what} brings back another {name}"

    def _plan(self) -> tuple[Any, ...]:
        with suppress(PaperroundError), self.world.project(alone=False) as project:
            plan = compose.plan(project.store, project.settings.compose, self.world.now)
            choices = self._known().choices
            issue = plan.issue and replace(plan.issue, slot=BLANK.slot, created=START)
            return plan.number, issue, plan.waiting, choices, list(plan.posts)
        return ()

    # The blog

    def _publish(self, days: float = 0) -> None:
        self.written += 1
        slug = f"letter-{self.written}"
        self.slugs.append(slug)
        when = self.world.now - timedelta(days=days)
        self.world.blog.publish(slug, f"Letter {self.written}", when, body(f"number{self.written}x"))

    def a_post_changes(self, back: int, how: str) -> None:
        """Or vanishes."""
        if back >= len(self.slugs):
            return
        slug = self.slugs[-1 - back]
        post = self.world.blog.posts[slug]
        match how:
            case "text":
                post = replace(post, html=f"{post.html}<p>Added at {self.world.now:%c}.</p>")
            case "title":
                post = replace(post, title=f"{post.title}, again")
        self.world.blog.posts[slug] = post
        if how == "vanishes":
            self.slugs.remove(slug)
            del self.world.blog.posts[slug]

    # Beside the page

    def _walk(self) -> None:
        with suppress(PaperroundError), self.world.project() as project:
            report = run.walk(project)
            assert [one for one in report.errors if "Paperround" in one] == []

    def time_passes(self, hours: float, posts: int, killed_at: int) -> None:
        """With a run at its end, which may be killed."""
        for _ in range(posts):
            self._publish()
        self.world.pass_time(hours=hours)
        before = self._known()
        if killed_at:
            killing.at_step(killed_at, self._walk)
        self._walk()
        after = self._known()
        lost = before.words - after.words
        assert not lost or before.issues - after.issues, f"a run lost {lost}"

    def a_command(self, what: str, number: int) -> None:
        """As somebody types it in a terminal meanwhile."""
        with suppress(PaperroundError):
            self.COMMANDS[what](self, IssueNumber(number))

    def _build(self, _: IssueNumber) -> None:
        steps.build_now(self.world)

    def _pull(self, _: IssueNumber) -> None:
        steps.pull(self.world)

    def _approve(self, number: IssueNumber) -> None:
        with self.world.project() as project:
            run.walk(project, "render")
            yes = review.approve(number, project.store, project.settings.review, by="Ann", now=self.world.now)
            (where,) = (self.world.folder / "outbox/issues").glob(f"{number}-*")
            self.shown[yes.sha], self.yes[number] = (where / "sample.eml").read_bytes(), yes.sha

    def _hand_over(self, number: IssueNumber) -> None:
        steps.send(self.world, number)

    def _correct(self, number: IssueNumber) -> None:
        self.count += 1
        with self.world.project() as project:
            said = f"From a terminal kept{self.count}y"
            compose.correct(number, project.store, project.settings.compose, said=said, named=None, now=self.world.now)

    def _decide(self, number: IssueNumber) -> None:
        with self.world.project() as project:
            for post, _ in compose.outlines(project.store, project.settings.compose, self.world.now)[:number]:
                compose.choose(project.store, post.id, "keep" if number % 2 else "skip", self.world.now)
                break

    def _add_book(self, number: IssueNumber) -> None:
        with self.world.project() as project:
            book = Book(title=f"Book {number}", author="Somebody", themes=("courage",))
            exchange.add(project.settings.books.shelf, [book])

    def _remove_book(self, number: IssueNumber) -> None:
        with self.world.project() as project:
            shelf = books.shelf_at(project.settings.books)
            own = [book for book in shelf.books if not book.starter]
            changing.remove(project.settings.books.shelf, own[number % len(own)]) if own else None

    COMMANDS: Mapping[str, Callable[[Life, IssueNumber], None]] = {
        "build": _build, "pull": _pull, "approve": _approve, "send": _hand_over, "correct": _correct, "posts": _decide,
        "books add": _add_book, "books remove": _remove_book,
    }  # fmt: skip

    def an_editor_saves(self, what: str, how: str) -> None:
        """One of the author's files: another remark or value, or a mistake that stays for a while."""
        path = self.world.folder / what
        if how == "mended" or path in self.mended:
            for broken, content in self.mended.items():
                broken.write_bytes(content) if content else broken.unlink()
            self.mended.clear()
            return
        content = path.read_bytes() if path.exists() else b""
        self.count += 1
        match how, path.suffix:
            case "broken", ".mjml":
                self.mended[path] = content
                content = b"<mjml>\n{{ nothing.here }}\n</mjml>\n"
            case "broken", _:
                self.mended[path] = content
                content += b"\n[oops\nx = \n"
            case _, ".mjml":
                return
            case _:
                content = b"# saved %d in an editor\n" % self.count + content
                content = content.replace(b"Say it", b"Say") if self.count % 2 else content
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)

    # What was promised

    def _is_an_answer(self, status: int, page: str) -> None:
        assert status < 500, page
        assert "Traceback" not in page
        assert "fault of Paperround" not in page, words(page)
        if status >= 400:
            assert len(told(page)) > 10, page

    def _nothing_went_out_but_what_was_approved(self) -> None:
        now = self._known()
        errand = self.author.desk.errands.last
        assert not errand or not errand.report or not re.search("fault of Paperround", " ".join(errand.report.errors))
        mails = [path for path in (self.world.folder / "outbox/mail").rglob("*.eml") if path.parent.name != "test"]
        for path in sorted(set(mails) - self.mails):
            number = int(path.parent.name)
            sha = now.begun[number]
            if now.yes[number][1] != "rule":
                assert self.yes.get(number) == sha, f"issue {number} went out, and nobody approved it"
                assert letter(path.read_bytes()) == letter(self.shown[sha]), f"issue {number} is not what was shown"
        self.mails |= {*mails}
        self._no_post_twice(mails)

    def _no_post_twice(self, mails: Sequence[Path]) -> None:
        found: Counter[tuple[str, int | str]] = Counter()
        for path in mails:
            mail = message_from_bytes(path.read_bytes(), policy=policy.default)
            assert isinstance(mail, EmailMessage)
            text = mail.get_body(("plain",))
            assert text is not None
            one = copy(mail["To"], mail["Subject"], text.get_content())
            found.update((one.address, post) for post in one.posts)
        assert [one for one, times in found.items() if times > 1] == [], "a post twice to the same reader"


def told(page: str) -> str:
    """The sentences that a page says about what was done, or the whole of one that has no frame."""
    if "<html" not in page:
        return page.strip()
    found = re.findall(r'class="(?:notice[^"]*|wrong)"[^>]*>(.*?)</(?:p|div)>', page, re.DOTALL)
    return words(" ".join(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """A form that was sent from a page, with what was so before and after it."""

    page: Page
    form: Form
    fields: Mapping[str, str]
    before: Known
    after: Known
    said: str

    def is_as_it_should_be(self) -> None:
        """It did nothing to anything but what its page showed, and lost no words without being told."""
        self._files_stay()
        self._words_stay()
        self._is_about_what_it_showed()

    def _is_about_what_it_showed(self) -> None:
        before, after, seen = self.before, self.after, self.page.known
        number = int(found[0]) if (found := re.findall(r"\d+", self.form.action.partition("?")[0])) else 0
        for other, (sha, by) in after.yes.items():
            if before.yes.get(other, ("", ""))[0] != sha and by != "rule":
                assert (other, sha) == (number, self.fields.get("hash")), "another issue was approved"
                assert sha in self.page.html, "other bytes were approved than it showed"
        for other in {*after.begun} - {*before.begun}:
            assert other == number, "another issue was sent"
            assert after.begun[other] in self.page.html, "other bytes were sent than the page showed"
        if self.form.does == "/go/N/make":
            assert after.issues - before.issues <= {number}, "another issue was made"
        if self.form.does in ("/issue/N/undo", "/issue/N/redo"):
            turn = edits.to_undo if self.form.does.endswith("undo") else edits.to_redo
            meant = [one.id for some in seen.edits.values() if (one := turn(some))]
            moved = {one.id for one in flat(after) if one not in flat(before)}
            assert moved <= {*meant}, "another change was undone than the page showed"
        if self.form.does.startswith("/subscribers/N/"):
            changed = {one for one in before.readers.items() if one not in after.readers.items()}
            assert all(address in self.page.html for _, (address, _) in changed), "another reader"

    def _words_stay(self) -> None:
        lost = {one for one in self.before.words - self.after.words if one not in self.said}
        if UNDONE.strip() in self.said:
            return
        showed = {*TOKEN.findall(self.page.html)} | {*TOKEN.findall(str(self.fields))}
        if re.search("undo|redo|remove-event", self.form.does):
            showed |= self.page.known.words
        assert lost <= showed, f"{lost} were lost, and she was not told"

    def _files_stay(self) -> None:
        for name in FILES:
            before, after = (one.files.get(name, b"").decode() for one in (self.before, self.after))
            gone = [line for line in difflib.ndiff(before.splitlines(True), after.splitlines(True)) if line[0] == "-"]
            match self.form.does:
                case _ if before == after:
                    continue
                case "/settings/write" if name == "newsletter.toml":
                    given = {one.rpartition(".")[2] for one in self.fields if "." in one}
                    strange = [line for line in gone if re.split(r"[ =]", line[2:])[0] not in given]
                    remarks = {line.rpartition("#")[2].strip() for line in gone if "#" in line and '""' not in line}
                    assert all(one in after for one in remarks) or "" in self.fields.values(), f"lost {remarks}"
                case "/books/change/…" if name == "books.toml":
                    strange = [line for line in gone if not re.match(r"(themes|ages|age_m\w+|note)\b|[^=]*$", line[2:])]
                case "/books/remove/…" if name == "books.toml":
                    strange = gone[20:]
                case "/books/add" if name == "books.toml":
                    strange = [line for line in gone if line[2:].strip() and line[2:].strip() not in after]
                case _:
                    strange = [f"{self.form.does} changed {name}"]
            assert strange == [], f"{name} lost {strange}"


def flat(known: Known) -> list[Edit]:
    """All edits, without the issue that they belong to."""
    return [replace(one, issue=IssueNumber(0)) for some in known.edits.values() for one in some]


def happening(dice: random.Random) -> tuple[str, dict[str, Any]]:
    """What happens next, and how."""
    tab, seed = dice.randint(0, 1), dice.randrange(1 << 30)
    hours, posts, killed_at = (
        dice.choice([1, 5, 24, 170]),
        dice.choice([0, 1, 1, 2]),
        dice.choice([0, 0, dice.randint(1, 300)]),
    )
    each: list[tuple[int, str, dict[str, Any]]] = [
        (30, "she_looks", {"tab": tab, "at": dice.random()}),
        (40, "she_sends", {"tab": tab, "seed": seed}),
        (6, "she_changes_and_undoes", {"tab": tab, "seed": seed}),
        (8, "time_passes", {"hours": hours, "posts": posts, "killed_at": killed_at}),
        (4, "a_post_changes", {"back": dice.randint(0, 3), "how": dice.choice(["text", "title", "vanishes"])}),
        (10, "a_command", {"what": dice.choice(sorted(Life.COMMANDS)), "number": dice.randint(1, 6)}),
        (6, "an_editor_saves", {
            "what": dice.choice([*(f"sources/{name}" for name in FILES), "templates/digest.mjml"]),
            "how": dice.choice(["broken", "mended", "mended", "another"]),
        }),
    ]  # fmt: skip
    _, what, how = dice.choices(each, [weight for weight, _, _ in each])[0]
    return what, how


@pytest.mark.parametrize("number", range(int(os.environ.get("LIVES", "3"))))
def test_whatever_is_done_at_the_page_what_was_promised_holds(number: int, world: World) -> None:
    dice = random.Random(number)
    world.set('cadence = "each"', f'cadence = "{dice.choice(["each", "daily", "weekly"])}"')
    world.set("[[source]]", 'timezone = "America/New_York"\n\n[[source]]')
    with ExitStack() as until:
        store = opened_store(config.load(world.folder, {}))
        until.callback(store.close)
        author = until.enter_context(at_her_page(world))
        life = Life(world, author, store, dice)
        life.begins()
        for _ in range(60):
            life.does(*happening(dice))
