"""Somebody who looks at everything: each page of the author's, each command that only tells, and whether they agree."""

from __future__ import annotations

import io
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from lxml import html as parser

from pipeline.cli.main import main
from pipeline.config import Settings
from pipeline.line import Wire
from pipeline.model import Outside
from pipeline.preview import Desk
from pipeline.preview.pages import health, issues, posts, subscribers
from tests import postgres
from tests.journeys import test_a_life as life
from tests.preview.author import ORIGIN, Author, at_her_page, words
from tests.world import World

CODE = re.compile(
    r"\bNone\b(?! yet|\.| has)|\{\{|\}\}|\{%|\{\}|\[\]|Traceback|<class|datetime\.|\bIssueNumber\(|Undefined|"
    r"\b[A-Z]\w+(?:Error|Fault)\b|0x[0-9a-f]{6,}"
)
"""What stands in no sentence."""


@dataclass
class Eyes:
    """Somebody who looks, at the page and in a terminal, and at that moment's figures of both."""

    world: World
    host: life.Host | life.Api

    def look(self) -> None:
        """At everything."""
        with self.at_her_page() as author:
            pages = self._crawl(author)
        self._agree(pages, self._terminal())

    # The page

    @contextmanager
    def at_her_page(self) -> Iterator[Author]:
        """The page, open, with the world's clock, web and mail host."""
        world = self.world
        desk = Desk(world.folder, environment={}, opener=self.around, clock=lambda: world.now, person="Lisa")
        with at_her_page(world, at=desk) as author:
            yield author

    @contextmanager
    def around(self, settings: Settings) -> Iterator[Outside]:
        """The same for a terminal."""
        world = self.world
        with Wire(settings.outbox) as line:
            yield Outside(
                clock=lambda: world.now,
                fetch=world.blog,
                line=self.host if isinstance(self.host, life.Host) else line,
                rest=lambda length: world.pass_time(seconds=length),
            )

    def _crawl(self, author: Author) -> dict[str, str]:
        """Every page that leads from the first one, by its address; those of one kind by a few of them."""
        found: dict[str, str] = {}
        wanted, kinds = ["/", "/start"], Counter[str]()
        while wanted:
            address = wanted.pop(0)
            kind = re.sub(r"\d+", "N", address)
            kinds[kind] += 1
            if address in found or kinds[kind] > 4:
                continue
            found[address] = self._page(author, address)
            wanted += leads(address, found[address])
        return found

    def _page(self, author: Author, address: str) -> str:
        answer = author.client.get(address)
        assert answer.status_code < 400, f"{address}: {answer.status_code} {words(answer.text)}"
        if "html" not in answer.headers["content-type"]:
            return ""
        if "/mail?" not in address:
            sound(address, answer.text)
        return answer.text

    # The terminal

    def _terminal(self) -> dict[str, Any]:
        told = {name: self.asks(*name.split()) for name in ("status", "plan", "posts", "report", "metrics")}
        told["readers"] = self.asks("subscribers", "list")
        for one in told["status"]["issues"][-4:]:
            told[f"status {one['issue']}"] = self.asks("status", str(one["issue"]))
            self.asks("report", str(one["issue"]), may=(0, 2))
            self.asks("send", str(one["issue"]), "--dry-run", may=(0, 2, 3))
        for one in told["posts"]["posts"][:3]:
            self.asks("posts", "show", str(one["id"]), "--diff", may=(0, 2))
        self.asks("books", "list")
        for name in ("status", "plan", "posts", "report", "metrics"):
            code, out, err = self.types(name)
            assert code == 0, err
            assert not CODE.search(out + err), (name, CODE.search(out + err), out + err)
        return told

    def asks(self, *said: str, may: tuple[int, ...] = (0,)) -> Any:
        """A command for machines: one document, whatever it comes to."""
        code, out, err = self.types("--json", *said)
        assert code in may, f"{said}: {code} {out} {err}"
        return json.loads(out)

    def types(self, *said: str) -> tuple[int, str, str]:
        """A command as the program has it, in this process: its exit code and what it said."""
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in "12")
        before, sys.argv = sys.argv, ["paperround", "--project", str(self.world.folder), *said]
        code: Any = 0
        try:
            with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
                patch.setattr("pipeline.run.outside", self.around)
                main()
        except SystemExit as leaving:
            code = leaving.code
        finally:
            sys.argv = before
        told = [one.buffer.getvalue().decode() for one in (out, err)]
        return code or 0, told[0], told[1]

    # What will be

    def what_is_planned_is_made(self, folder: Path, server: postgres.Server | None) -> None:
        """By `build --now`, if nothing else happens; tried out in another folder."""
        planned = self.asks("plan")["issue"]
        with self.world.copied(folder, server) as other:
            eyes = Eyes(world=other, host=self.host)
            code, out, err = eyes.types("--json", "build", "--now")
            assert code in (0, 2, 3), err
            if "by hand" in out + err:
                return
            after = eyes.asks("plan")["issue"]
            drafts = json.loads(out).get("drafts", [])
            kinds = {one["issue"]: one["corrects"] for one in eyes.asks("status")["issues"]}
        mine = [one for one in drafts if not kinds[one]]
        if planned is None:
            assert mine == [], f"nothing was planned, and {mine} was made"
        else:
            assert planned["number"] in mine, f"{planned['number']} was planned, and {mine} was made"
            assert told(planned) == told(after), "another issue was planned than was made"

    # Both

    def _agree(self, pages: Mapping[str, str], told: Mapping[str, Any]) -> None:
        readers = Counter(one["state"] for one in told["readers"]["subscribers"])
        assert readers == Counter(told["report"]["readers"])
        figures = {one["labels"]["state"]: one["value"] for one in told["metrics"].get("paperround_readers", ())}
        assert readers == Counter({state: int(count) for state, count in figures.items()})
        assert tabs(pages["/subscribers"]) == {
            "All": readers.total(),
            **{subscribers.STATES[state][0].capitalize(): count for state, count in readers.items()},
        }
        assert f"{readers['active']} reader" in words(pages["/health"])
        self._posts_agree(pages, told)
        self._issues_agree(pages, told)
        self._first_page_agrees(pages["/"], told)

    def _posts_agree(self, pages: Mapping[str, str], told: Mapping[str, Any]) -> None:
        states = Counter(one["state"] for one in told["posts"]["posts"])
        label = {state: name[:1].upper() + name[1:] for state, name in posts.STATES.items()}
        assert tabs(pages["/posts"]) == {
            "All": states.total(),
            **{label[state]: count for state, count in states.items()},
        }
        drafts = {one["issue"] for one in told["status"]["issues"] if one["state"] == "draft"}
        listed = {one["id"]: one for one in told["posts"]["posts"]}
        for one in told["plan"]["posts"]:
            there = listed.pop(one["id"])
            assert one["state"] == there["state"] or there["issue"] in drafts, (one, there)
        assert not listed
        numbers = {one["issue"] for one in told["status"]["issues"]}
        assert {one["issue"] for one in told["posts"]["posts"] if one["issue"]} <= numbers
        for one in told["posts"]["posts"]:
            if page := pages.get(f"/posts/{one['id']}"):
                assert posts.STATES[one["state"]] in words(page).lower(), (one, words(page))

    def _issues_agree(self, pages: Mapping[str, str], told: Mapping[str, Any]) -> None:
        states = {one["issue"]: one["state"] for one in told["status"]["issues"]}
        archive = "".join(page for address, page in pages.items() if re.fullmatch(r"/issues(\?page=\d+)?", address))
        shown = re.findall(r'Issue (\d+) · .*?<span class="chip[^"]*">(.*?)</span>', archive, re.DOTALL)
        chips = {int(number): "sent" if chip == "only written" else chip for number, chip in shown}
        assert chips == {number: issues.STATES[state][0] for number, state in states.items()}
        part = pages["/health"].partition("What waits for you")[2].partition("Posts that are held")[0]
        waiting = {number for number, state in states.items() if state in health.WAITING}
        assert {int(one) for one in re.findall(r'href="/issue/(\d+)"', part)} == waiting
        for number, state in states.items():
            if page := pages.get(f"/issue/{number}"):
                offered = re.findall(r'<form[^>]* action="/go/\d+/([\w-]+)"', page)
                meant = {"approved": "send", "expired": "send", "draft": "approve"}.get(state)
                assert meant is None or meant in offered, f"issue {number} is {state}, and she can only {offered}"
        self._sums_agree(told, [*states.values()])

    def _sums_agree(self, told: Mapping[str, Any], states: list[str]) -> None:
        accounts = {one["issue"]: one["account"] for one in told["status"]["issues"] if one["account"]}
        metrics = {name: samples[0]["value"] for name, samples in told["metrics"].items() if len(samples) == 1}
        assert metrics["paperround_drafts_waiting"] == states.count("draft")
        assert metrics["paperround_issues_held"] == states.count("held") + states.count("expired")
        assert metrics["paperround_copies_pending"] == sum(one["pending"] for one in accounts.values())
        assert metrics["paperround_carrier_stopped"] == (told["status"]["stopped"] is not None)
        reported = {one["number"]: one for one in told["report"]["issues"]}
        for number, sums in [*accounts.items()][-20:]:
            assert {key: reported[number][key] for key in sums} == sums

    def _first_page_agrees(self, page: str, told: Mapping[str, Any]) -> None:
        """What the plan says is what the first page shows, where that shows the next issue."""
        number = int(re.findall(r'<p class="kicker">Issue (\d+)', page)[0])
        planned = told["plan"]["issue"]
        part = page.partition('id="posts-title"')[2].partition("</section>")[0]
        listed = [int(one) for one in re.findall(r'<li id="post-(\d+)"', part)]
        if planned and planned["number"] == number and "not made yet" in page:
            assert [one["id"] for one in planned["posts"]] == listed
            tree: Any = parser.document_fromstring(page)
            assert tree.xpath('//input[@id="subject"]/@value') == [planned["subject"]]


def told(planned: dict[str, Any]) -> Any:
    """An issue as it is planned, in what a person would see."""
    return planned["subject"], [
        (one["id"], one["form"], [book["title"] for book in one["books"]]) for one in planned["posts"]
    ]


def leads(address: str, page: str) -> list[str]:
    """Where a page leads within her own, its frames, pictures and styles included."""
    tree: Any = parser.document_fromstring(page) if page else None
    if tree is None or "/mail?" in address:
        return []
    found = [
        *tree.xpath("//a/@href"),
        *tree.xpath("//iframe/@src"),
        *tree.xpath("//img/@src"),
        *tree.xpath("//link/@href"),
    ]
    there = {urljoin(f"{ORIGIN}{address}", one).partition("#")[0] for one in found}
    return sorted(one.removeprefix(ORIGIN) for one in there if one.startswith(ORIGIN))


def sound(address: str, page: str, *, hers: bool = False) -> None:
    """Well made, and without what no sentence has; but for `hers`."""
    tree: Any = parser.document_fromstring(page)
    names = Counter(tree.xpath("//@id"))
    assert [one for one, count in names.items() if count > 1] == [], address
    inner = [urlsplit(one).fragment for one in tree.xpath("//a/@href") if one.startswith("#")]
    meant = {*inner, *tree.xpath("//label/@for"), *" ".join(tree.xpath("//@aria-labelledby")).split()}
    assert meant <= {*names}, address
    if hers:
        return
    seen = re.sub(r"<pre.*?</pre>|<textarea.*?</textarea>", "", page, flags=re.DOTALL)
    found = CODE.search(words(seen))
    assert not found, f"{address}: {words(seen)[max(0, found.start() - 150) : found.end() + 150]}"


def tabs(page: str) -> dict[str, int]:
    """The counts beside the names of states."""
    part = page.partition('aria-label="State"')[2].partition("</div>")[0]
    said = [words(one).rsplit(" ", 1) for one in re.findall(r"<a .*?</a>", part)]
    return {name: int(count.replace(",", "")) for name, count in said}
