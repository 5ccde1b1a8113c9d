"""What every kind of source must do, whoever wrote it. See `pipeline.testing` for how to use it."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from pipeline.errors import ChildFault, FetchFault, SourceFault
from pipeline.model import Fetch, Fetched, Health, Source, SourceName, Validators
from pipeline.pull.kinds import Kind
from pipeline.pull.listing import NEWEST, Ask, Visit

_NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
_SCRAPS = (
    b"", b"{", b"<", b"\xff\xfe\x00", b"<html><body>This domain is for sale.</body></html>", b"null", b"[" * 9000,
    b"<?xml version='1.0'?><rss><channel>", b'{"version":"https://jsonfeed.org/version/1.1","items":7}',
)  # fmt: skip


class SourceContract:
    """Subclass it, name the kind and what is to be found where, and pytest holds it to the rules.

    `web` has (content type, body) by address; `address` is what the author writes as the source's url.
    """

    kind: Kind
    address: str
    web: Mapping[str, tuple[str, bytes]] = {}

    def test_what_is_there_is_read(self) -> None:
        visit = self._visit(self._answer)
        assert visit.listing is not None
        assert 0 < len(visit.listing.entries) <= NEWEST
        for entry in visit.listing.entries:
            assert entry.guid
            assert entry.title or entry.html
            assert entry.published is None or entry.published.tzinfo is not None
        assert len({entry.guid for entry in visit.listing.entries}) == len(visit.listing.entries)

    def test_reading_twice_gives_the_same_entries(self) -> None:
        assert self._visit(self._answer).listing == self._visit(self._answer).listing

    def test_an_answer_that_did_not_change_is_not_read_again(self) -> None:
        first = self._visit(self._answer)
        again = self._visit(self._answer, _known(first, self.address))
        assert again.listing is None or again.listing == first.listing

    def test_a_source_that_is_gone_is_a_fault_with_a_sentence(self) -> None:
        def gone(url: str, *, validators: Validators | None = None) -> Fetched:
            raise FetchFault("There is no such page (404).", where=url, gone=True, status=404)

        if self.web:
            assert self._fault(gone)

    def test_scraps_are_a_fault_or_an_empty_list_and_never_a_crash(self) -> None:
        chance = random.Random(7)  # noqa: S311 - the same scraps each time are wanted
        noise = [chance.randbytes(chance.randint(1, 300)) for _ in range(5)]
        cut = [body[: len(body) // 2] for _, body in self.web.values()]
        for scrap in (*_SCRAPS, *noise, *cut):

            def scraps(url: str, *, validators: Validators | None = None, body: bytes = scrap) -> Fetched:
                return Fetched(url=url, status=200, headers={"content-type": "text/html"}, body=body)

            self._fault(scraps)
            self.kind.recognises(Fetched(url=self.address, status=200, headers={}, body=scrap))

    def _answer(self, url: str, *, validators: Validators | None = None) -> Fetched:
        if url not in self.web:
            raise FetchFault("There is no such page (404).", where=url, gone=True, status=404)
        kind, body = self.web[url]
        etag = hashlib.sha256(body).hexdigest()[:12]
        same = validators is not None and validators.etag == etag
        return Fetched(
            url=url,
            status=304 if same else 200,
            headers={"content-type": kind},
            body=b"" if same else body,
            validators=Validators(etag=etag),
        )

    def _visit(self, fetch: Fetch, health: Health | None = None) -> Visit:
        source = Source(name=SourceName("contract"), url=self.address, zone=ZoneInfo("UTC"))
        with TemporaryDirectory() as folder:
            return self.kind.visit(Ask(source=source, health=health, fetch=fetch, folder=Path(folder), now=_NOW))

    def _fault(self, fetch: Fetch) -> str:
        try:
            self._visit(fetch)
        except (SourceFault, ChildFault) as fault:
            return str(fault)
        return ""


def _known(visit: Visit, url: str) -> Health:
    return Health(
        name=SourceName("contract"),
        url=url,
        address=visit.address,
        kind=visit.kind,
        validators=visit.validators,
        body_sha=visit.sha,
        cursor=visit.cursor,
        next_check=_NOW,
        last_ok=_NOW,
        read=_NOW,
    )
