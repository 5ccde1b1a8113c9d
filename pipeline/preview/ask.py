"""One request as a page's function has it: the project, the form, and the ways to answer."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode, urlsplit

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from pipeline import review
from pipeline.config import Settings
from pipeline.errors import PaperroundError
from pipeline.model import Report
from pipeline.model.text import legal
from pipeline.preview import views
from pipeline.preview.desk import Desk
from pipeline.preview.guard import Door
from pipeline.run import Project
from pipeline.store import Store

_PASSING = re.compile(r"<!--told-->.*?<!--all told-->", re.DOTALL)
TWICE = 2.0
"""Seconds within which Enter in a field may send its form twice, as a change and as a form."""
WRITTEN = ("subject", "title", "words", "place", "note")
"""Fields of a form for words of hers."""
STAYS = 6.0
"""Seconds that a sentence stays on a page which shows itself again meanwhile."""


@dataclass(slots=True, kw_only=True)
class Told:
    """A sentence for the next page that is shown, and when it was first shown."""

    kind: str
    sentence: str
    since: float | None = None


class Telling:
    """What pages have to say, from the form that was sent to the page that comes next."""

    def __init__(self) -> None:
        self._all: list[Told] = []

    def add(self, kind: str, sentence: str) -> None:
        """A sentence for the next page."""
        self._all.append(Told(kind=kind, sentence=sentence))

    def forget(self) -> None:
        """Another form was sent: what was shown before has been read, unless it was the same form twice."""
        moment = time.monotonic()
        self._all = [one for one in self._all if one.since is None or moment - one.since < TWICE]

    def now(self) -> list[Told]:
        """What the page that is shown now has to say."""
        moment = time.monotonic()
        self._all = [one for one in self._all if one.since is None or moment - one.since < STAYS]
        for one in self._all:
            one.since = one.since or moment
        return list(self._all)


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What a page's function gets. `telling` is kept by the application, from one request to the next.

    `navigation` is (address, title) of each page that a person finds her way by, in order.
    """

    request: Request
    desk: Desk
    door: Door
    telling: Telling
    navigation: Sequence[tuple[str, str]]
    tell_others: Callable[[], None]

    @cached_property
    def settings(self) -> Settings:
        """The settings as they are now. Raises SettingsError."""
        return self.desk.settings()

    @cached_property
    def store(self) -> Store:
        """The state, for short transactions."""
        return self.desk.store(self.settings)

    @cached_property
    def issues(self) -> list[review.Line]:
        """Every issue with its state, the newest first, as they are at the first look."""
        return review.overview(self.store, self.settings.review)

    @cached_property
    def now(self) -> datetime:
        """The time of this request, aware UTC."""
        return self.desk.clock()

    def project(self, say: Callable[[str], None] = lambda _: None) -> AbstractContextManager[Project]:
        """The project for work that changes files or hands over: holds the run's lock. Raises Busy."""
        return self.desk.project(say)

    @property
    def form(self) -> FormData:
        """The form that was sent."""
        form: FormData = self.request.scope["form"]
        return form

    def word(self, name: str, default: str = "") -> str:
        """A field of the form as one text, without blanks around it and letters that nothing can hold."""
        value = self.form.get(name, default)
        return legal(value.replace("\r\n", "\n")).strip() if isinstance(value, str) else default

    @property
    def written(self) -> list[str]:
        """Her own words in a form, which nobody types again gladly, but for what stood there before."""
        mine = [self.word(name) for name in WRITTEN if self.word(name) != self.word(f"was-{name}", self.word("was"))]
        return [words for words in mine if words]

    def file(self, name: str) -> bytes | None:
        """The content of an uploaded file, once; None when none was chosen."""
        value = self.form.get(name)
        if not isinstance(value, UploadFile):
            return None
        with value.file as file:
            return file.read() if value.filename else None

    def asked(self, name: str, default: str = "") -> str:
        """A parameter of the address."""
        return self.request.query_params.get(name, default)

    def say(self, sentence: str, kind: str = "done") -> None:
        """A sentence on the page that comes next; `kind` is "done", "waiting", "attention" or "errors"."""
        self.telling.add(kind, sentence)

    def report(self, report: Report) -> None:
        """What a piece of work came to, on the page that comes next."""
        for kind in ("done", "waiting", "attention", "errors"):
            for sentence in dict.fromkeys(getattr(report, kind)):
                self.say(sentence, kind)

    @property
    def address(self) -> str:
        """The page's own address with what was asked, but for what the open page has seen."""
        asked = [(name, value) for name, value in self.request.query_params.multi_items() if name != "seen"]
        return self.request.url.path + (f"?{urlencode(asked)}" if asked else "")

    @property
    def came_from(self) -> str:
        """The page that a form stood in, by its path; the first one when nobody says."""
        parts = urlsplit(self.request.headers.get("referer", ""))
        ours = f"{parts.scheme}://{parts.netloc}".lower() in self.door.origins
        return parts.path + (f"?{parts.query}" if parts.query else "") if ours and parts.path else "/"

    def page(
        self, template: str, *, status: int = 200, stays: bool = False, shows: Collection[str] = (), **values: Any
    ) -> Response:
        """A page of our own. What a page that is open already shows is not sent to it again (204).

        A page that `stays` is the answer to a form: it is as she has it, whatever changes meanwhile. Sentences that
        it `shows` in their place are not told at its top as well.
        """
        again = None if stays else self.address
        told = [one for one in self.telling.now() if one.sentence not in shows]
        html = views.fill(template, **self._around(), again=again, told=told, shows=shows, **values)
        lasting = _PASSING.sub("", html.partition("<main")[2])
        digest = hashlib.sha256(lasting.encode()).hexdigest()[:16]
        if self.request.headers.get("hx-request") and self.asked("seen") == digest:
            return Response(status_code=204)
        return HTMLResponse(html.replace(views.SEEN, digest), status)

    def _around(self) -> dict[str, Any]:
        """What every page shows around its own."""
        try:
            newsletter = self.settings.newsletter
            title, zone = newsletter.title, newsletter.timezone
        except PaperroundError:
            title, zone = "Paperround", None
        return {
            "ask": self,
            "door": self.door,
            "errand": self.desk.errands.last,
            "here": self.request.url.path,
            "navigation": self.navigation,
            "newsletter_title": title,
            "zone": zone,
        }

    def back(self, to: str) -> Response:
        """After a form: look at `to`."""
        self.tell_others()
        return RedirectResponse(to, 303)
