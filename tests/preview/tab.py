"""A tab of a browser without scripts: pages as they were when it loaded them, and the forms that stand in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml import html as parser

from tests.preview.author import ORIGIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form as a page offered it.

    `holds` is what a browser sends of it untouched; `typed` names the kind of each field that a person may fill,
    `choices` what she may choose from, `buttons` what each button adds.
    """

    action: str
    asks: bool
    holds: Mapping[str, str]
    typed: Mapping[str, str]
    choices: Mapping[str, tuple[str, ...]]
    buttons: tuple[Mapping[str, str], ...]

    @property
    def does(self) -> str:
        """What kind of form it is, whatever it is about: "/issue/N/undo"."""
        return re.sub(r"\d+", "N", re.sub(r"(/books/\w+/).*", r"\1…", urlsplit(self.action).path))


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page as a tab has it; `known` is what was so when it was loaded."""

    address: str
    html: str
    known: Any

    def forms(self) -> list[Form]:
        """Every form that can be sent, in the order they stand in it."""
        tree = parser.document_fromstring(self.html)
        return [found for one in tree.iter("form") if (found := _form(one, tree, self.address)).buttons]

    def links(self) -> list[str]:
        """Where it leads within the author's page."""
        tree = parser.document_fromstring(self.html)
        found = (urljoin(self.address, one.get("href", "")) for one in tree.iter("a"))
        return sorted({one.partition("#")[0] for one in found if one.startswith("/")})


@dataclass(slots=True)
class Tab:
    """Its pages by their addresses, each as old as it is."""

    pages: dict[str, Page] = field(default_factory=dict)

    def has(self) -> Iterator[tuple[Page, Form]]:
        """Every form of every page."""
        return ((page, form) for page in self.pages.values() for form in page.forms())


def _form(one: Any, tree: Any, address: str) -> Form:
    holds: dict[str, str] = {}
    typed: dict[str, str] = {}
    choices: dict[str, tuple[str, ...]] = {}
    for part in one.iter("input", "textarea", "select"):
        name, kind = part.get("name"), part.get("type", part.tag)
        if part.tag == "select":
            options = {option.get("value", option.text_content()): option for option in part.iter("option")}
            choices[name] = tuple(options)
            chosen = (value for value, option in options.items() if option.get("selected") is not None)
            holds[name] = next(chosen, next(iter(options)))
        elif kind != "checkbox":
            holds[name] = part.text_content().removeprefix("\n") if part.tag == "textarea" else part.get("value", "")
        if kind != "hidden" and part.tag != "select":
            typed[name] = f"{kind} {part.get('value', '')}".strip() if kind == "checkbox" else kind
    here = [button for button in one.iter("button") if not button.get("form")]
    there = tree.xpath("//button[@form=$name]", name=one.get("id")) if one.get("id") else []
    pressable = [button for button in (*here, *there) if button.get("disabled") is None]
    return Form(
        action=urlsplit(urljoin(f"{ORIGIN}{address}", one.get("action")))._replace(scheme="", netloc="").geturl(),
        asks=one.get("method") == "get",
        holds=holds,
        typed=typed,
        choices=choices,
        buttons=tuple({button.get("name"): button.get("value")} if button.get("name") else {} for button in pressable),
    )
