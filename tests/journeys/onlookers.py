"""Two who look on: a visitor, who reads whatever is on the site, and somebody who keeps each mail that went out."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import lxml.etree
import lxml.html

_TOKEN = re.compile(r"/unsubscribe/([\w-]{43})")
_OWN_ID = "//*[local-name()='guid' or local-name()='id' and not(local-name(..)='source')]/text()"


class Page(NamedTuple):
    """A file of the site: where it leads, what may be led to, what it says, and what notes stand before that."""

    links: frozenset[str]
    ids: tuple[str, ...]
    text: str = ""
    notes: str = ""


@dataclass
class Visitor:
    """She reads whatever is on the site, which is or was at one of its `homes`, the last one now."""

    public: Path
    homes: list[str]
    read: dict[Path, tuple[tuple[int, int], Page]] = field(default_factory=dict)

    def looks(self) -> dict[str, Page]:
        """The pages and feeds by their paths; each link of theirs to the site itself leads to what is there."""
        found = {}
        for path in sorted(self.public.rglob("*")):
            if path.suffix in _READ:
                stat = path.stat()
                stamp = stat.st_mtime_ns, stat.st_size
                if path not in self.read or self.read[path][0] != stamp:
                    self.read[path] = stamp, _READ[path.suffix](path.read_text("utf-8"))
                found[path.relative_to(self.public).as_posix()] = self.read[path][1]
        for name, page in found.items():
            self._follows(name, page)
        return found

    def _follows(self, name: str, page: Page) -> None:
        assert len({*page.ids}) == len(page.ids), f"{name} has an id twice"
        here = self.homes[-1] + name.removesuffix("index.html")
        for link in page.links:
            there, anchor = urldefrag(urljoin(here, link))
            path = self.path_of(there)
            if path is not None and path != "subscribe":
                assert self.has(path), f"{name} leads to {link}, which is not there"
                assert not anchor or (there == here and anchor in page.ids), f"{name} leads to {link}"
                assert not _TOKEN.search(link), f"{name} has a reader's own link"

    def path_of(self, link: str) -> str | None:
        """Where an address of ours leads on the site."""
        there = urljoin(self.homes[-1], urldefrag(link)[0])
        return next((unquote(there.removeprefix(home)) for home in self.homes if there.startswith(home)), None)

    def has(self, path: str) -> bool:
        """Whether something is there."""
        whole = self.public / path
        return (whole / "index.html" if path.endswith("/") or not path else whole).is_file()


def _html(text: str) -> Page:
    tree: Any = lxml.html.document_fromstring(text)
    links = {link for _, _, link, _ in tree.iterlinks()}
    links |= {part.split()[0] for one in tree.xpath("//@srcset") for part in one.split(", ")}
    links |= {*tree.xpath("//meta[@property='og:url' or @property='og:image']/@content")}
    notes = tree.xpath("//main/*[@role='note']")
    said = " ".join(note.text_content() for note in notes)
    for note in notes:
        note.drop_tree()
    main = " ".join("".join(tree.xpath("//main//text()")).split())
    return Page(frozenset(links), tuple(tree.xpath("//@id")), main, said)


def _xml(text: str) -> Page:
    tree: Any = lxml.etree.fromstring(text.encode())
    values = [value.strip() for value in tree.xpath("//@* | //text()")]
    within = re.findall(r'(?:href|src)="([^"]*)"', " ".join(values))
    links = {value for value in values if re.match(r"https?://\S+$", value)} | {*map(unescape, within)}
    return Page(frozenset(links), tuple(tree.xpath(_OWN_ID)))


def _json(text: str) -> Page:
    items = json.loads(text)["items"]
    return Page(frozenset(re.findall(r'"(https?:[^"]*)"', text)), tuple(item["id"] for item in items))


_READ = {".html": _html, ".xml": _xml, ".opml": _xml, ".json": _json}


class Kept(NamedTuple):
    """A mail that somebody got: whose link to leave it has, the issue's page, and all files that it leads to."""

    address: str
    subject: str
    way_out: str
    token: str
    page: str
    files: frozenset[str]
    text: str


@dataclass
class Keeper:
    """She keeps all mails that a host took down in its `log`."""

    log: Path
    visitor: Visitor
    mails: dict[str, Kept] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    forgotten: set[str] = field(default_factory=set)

    def looks(self) -> list[Kept]:
        """The mails that are new to her."""
        fresh = [path for path in sorted(self.log.iterdir()) if path.name not in self.mails.keys() | self.lost]
        self.mails |= {path.name: self._opened(path) for path in fresh}
        return [self.mails[path.name] for path in fresh]

    def _opened(self, path: Path) -> Kept:
        undotted = re.sub(rb"(?m)^\.\.", b".", path.read_bytes())
        mail = message_from_bytes(undotted, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        parts = {part.get_content_type(): part.get_content() for part in mail.iter_parts()}
        html, text = parts["text/html"], parts["text/plain"]
        links = {unescape(link) for link in re.findall(r'(?:href|src|background)="([^"]*)"', html)}
        links |= {*re.findall(r"https?://[^\s>)]+", text), *re.findall(r"<(https:[^>]*)>", mail["List-Unsubscribe"])}
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        ((way_out, token),) = {(urlsplit(one).path, found[1]) for one in links if (found := _TOKEN.search(one))}
        ways = {self.visitor.path_of(link) for link in links if not _TOKEN.search(link)} - {None}
        files = frozenset(way for way in ways if way is not None)
        (page,) = (way for way in files if way.startswith("issues/"))
        return Kept(path.name.partition("-")[2], mail["Subject"], way_out, token, page, files, text)

    def loses(self, pages: set[str]) -> None:
        """The mails that lead to these."""
        self.lost |= {name for name, mail in self.mails.items() if mail.page in pages}
        self.mails = {name: mail for name, mail in self.mails.items() if name not in self.lost}
        self.pages = {page: text for page, text in self.pages.items() if page not in pages}

    def follows(self) -> None:
        """The links of all her mails that lead to files: each is there."""
        for path in {path for mail in self.mails.values() for path in mail.files}:
            assert self.visitor.has(path), f"a mail leads to {path}, which is not there"

    def compares(self, seen: dict[str, Page]) -> None:
        """The page of an issue has the posts that its mail had, and says the same for good, but for its notes."""
        for name, mail in self.mails.items():
            page = seen[f"{mail.page}index.html"]
            if mail.subject.startswith("Correction"):
                assert "On Friday." in page.notes or name in self.forgotten, (
                    f"{mail.page} has no note of its correction"
                )
            else:
                assert _lamps(mail.text) <= _lamps(page.text), f"{mail.page} lacks a post of “{mail.subject}”"
            said = page.text.removesuffix("By hand").rstrip()
            assert self.pages.setdefault(mail.page, said) == said, f"{mail.page} is another"


def _lamps(text: str) -> set[str]:
    return {*re.findall(r"number\d+x lamp", text)}
