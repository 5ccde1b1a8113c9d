"""Which part of a page is the article: ours beside trafilatura and readability-lxml, on the same pages in one run.

    python -m tests.quality.clean DIR [--half 0|1] [--worst N] [--only SET]

DIR holds any of four sets, each judged by its own metric:

- `aeb/` (scrapinghub/article-extraction-benchmark): runs of four words shared with the true article body, averaged as
  that benchmark does;
- `trafilatura/` (adbar/trafilatura): text segments that must and that must not appear;
- `readability/` (mozilla/readability's test pages): runs of four words shared with the expected HTML;
- `aligned/` (blog pages beside the same post in the site's own feed): runs of four words shared with the feed's text.

`--half` takes only the pages whose name falls into one half, so that what was tuned on one can be judged on the other.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from pipeline.clean import tree
from pipeline.errors import EntryFault
from pipeline.model import Entry, EntryId, Fetched, KnownEntry, SourceName
from pipeline.pull.charset import decoded


@dataclass(frozen=True, slots=True)
class Case:
    """A page, and what its article is: a text, or segments that must and must not appear."""

    kind: str
    name: str
    html: str
    url: str
    text: str = ""
    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """Shares of true positives, false positives and false negatives; `seconds` it took."""

    kind: str
    name: str
    hits: float
    extra: float
    missed: float
    seconds: float


def ours(case: Case) -> str:
    """What the whole cleaner makes of a page that completes an excerpt."""
    from pipeline.clean.article import article

    entry = Entry(source=SourceName("bench"), guid=None, link=case.url, title="", summary="A taste [&hellip;]")
    seen = datetime(2026, 1, 1, tzinfo=UTC)
    known = KnownEntry(
        id=EntryId(1),
        revision=1,
        entry=entry,
        page=case.html,
        page_url=case.url,
        page_problem=None,
        before=False,
        seen=seen,
        changed=None,
    )
    try:
        return article(known).text
    except EntryFault:
        return ""


def trafilatura(case: Case) -> str:
    """trafilatura with its defaults."""
    import trafilatura

    return trafilatura.extract(case.html, url=case.url) or ""


def readability(case: Case) -> str:
    """readability-lxml alone, as text."""
    from readability import Document

    try:
        return visible(Document(case.html).summary(html_partial=True))
    except Exception:  # noqa: BLE001 - its own exception hides what the tree builder could not bear
        return ""


EXTRACTORS: dict[str, Callable[[Case], str]] = {"ours": ours, "trafilatura": trafilatura, "readability": readability}


def visible(html: str) -> str:
    """The text of HTML, a space between any two blocks."""
    from lxml import html as parser

    if not html.strip():
        return ""
    root = parser.document_fromstring(f"<div>{html}</div>")
    for hidden in list(root.iter("script", "style", "noscript")):
        tree.drop(hidden)
    return " ".join(" ".join(map(str, root.itertext())).split())


def judged(case: Case, text: str, seconds: float) -> Score:
    """A text beside the truth."""
    if case.wanted or case.unwanted:
        flat = " ".join(text.split())
        hits = sum(" ".join(segment.split()) in flat for segment in case.wanted)
        extra = sum(" ".join(segment.split()) in flat for segment in case.unwanted)
        return Score(case.kind, case.name, hits, extra, len(case.wanted) - hits, seconds)
    found, true = runs(text), runs(case.text)
    parts = [sum(part.values()) for part in (found & true, found - true, true - found)]
    total = sum(parts) or 1
    return Score(case.kind, case.name, parts[0] / total, parts[1] / total, parts[2] / total, seconds)


def runs(text: str) -> Counter[tuple[str, ...]]:
    """Runs of four words, with how often each comes."""
    words = re.findall(r"\w+", text)
    return Counter(tuple(words[at : at + 4]) for at in range(max(1, len(words) - 3))) if words else Counter()


def cases(folder: Path) -> Iterator[Case]:
    """Every page of the folder, set by set."""
    urls = dict(_urls(folder / "MANIFEST.tsv"))
    for make in (_aeb, _trafilatura, _readability, _aligned):
        yield from make(folder, urls)


def _urls(manifest: Path) -> Iterator[tuple[str, str]]:
    if manifest.exists():
        with manifest.open(encoding="utf-8") as lines:
            for row in csv.DictReader(lines, delimiter="\t"):
                yield row["file"], row["url"]


def _read(path: Path) -> str:
    """A page as the pull room would decode it."""
    body = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return decoded(Fetched(url="", status=200, headers={}, body=body))


def _aeb(folder: Path, urls: dict[str, str]) -> Iterator[Case]:
    truth = folder / "aeb/ground-truth.json"
    for name, true in (json.loads(truth.read_text("utf-8")) if truth.exists() else {}).items():
        path = folder / f"aeb/html/{name}.html.gz"
        if path.exists():
            yield Case("aeb", name, _read(path), true.get("url", ""), text=true["articleBody"])


def _trafilatura(folder: Path, urls: dict[str, str]) -> Iterator[Case]:
    truth = folder / "trafilatura/evaldata.json"
    known = json.loads(truth.read_text("utf-8")) if truth.exists() else {}
    for file, url in urls.items():
        if file.startswith("trafilatura/") and url in known and (folder / file).exists():
            true = known[url]
            yield Case(
                "trafilatura",
                file,
                _read(folder / file),
                url,
                wanted=tuple(true["with"]),
                unwanted=tuple(true["without"]),
            )


def _readability(folder: Path, urls: dict[str, str]) -> Iterator[Case]:
    for path in sorted((folder / "readability").glob("*/source.html*")):
        (true,) = path.parent.glob("expected.html*")
        yield Case("readability", path.parent.name, _read(path), "http://fakehost/test/", text=visible(_read(true)))


def _aligned(folder: Path, urls: dict[str, str]) -> Iterator[Case]:
    for path in sorted((folder / "aligned/html").glob("*.html*")):
        truth = folder / "aligned/truth" / f"{path.name.partition('.html')[0]}.json"
        if truth.exists():
            true = json.loads(truth.read_text("utf-8"))
            yield Case("aligned", path.name, _read(path), true["link"], text=true["content_text"])


def half_of(name: str) -> int:
    """In which half a page is, by its name."""
    return hashlib.sha256(name.encode()).digest()[0] % 2


def score(job: tuple[str, Case]) -> tuple[str, Score, str]:
    """One page by one extractor."""
    name, case = job
    began = time.perf_counter()
    text = EXTRACTORS[name](case)
    return name, judged(case, text, time.perf_counter() - began), text


def table(scores: Sequence[tuple[str, Score]]) -> Iterator[str]:
    """One line for each set and extractor."""
    yield f"{'set':<12} {'extractor':<12} {'pages':>5} {'P':>6} {'R':>6} {'F1':>6} {'ms/page':>8}"
    key = lambda pair: (pair[1].kind, list(EXTRACTORS).index(pair[0]))  # noqa: E731
    for (kind, at), group in groupby(sorted(scores, key=key), key=key):
        some = [one for _, one in group]
        hits, extra, missed = (sum(getattr(one, part) for one in some) for part in ("hits", "extra", "missed"))
        precision, recall, f1 = _shares(hits, extra, missed)
        speed = 1000 * sum(one.seconds for one in some) / len(some)
        extractor = list(EXTRACTORS)[at]
        yield f"{kind:<12} {extractor:<12} {len(some):>5} {precision:>6.3f} {recall:>6.3f} {f1:>6.3f} {speed:>8.1f}"


def _shares(hits: float, extra: float, missed: float) -> tuple[float, float, float]:
    return (
        hits / max(hits + extra, 1e-9),
        hits / max(hits + missed, 1e-9),
        2 * hits / max(2 * hits + extra + missed, 1e-9),
    )


def worst(scores: Iterable[tuple[str, Score]], many: int) -> Iterator[str]:
    """The pages that ours reads worst."""
    mine = [one for name, one in scores if name == "ours"]
    for one in sorted(mine, key=lambda one: _shares(one.hits, one.extra, one.missed)[2])[:many]:
        yield f"{one.kind:<12} hits {one.hits:.2f} extra {one.extra:.2f} missed {one.missed:.2f}  {one.name}"


def main() -> None:
    """Read the arguments, measure, print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--half", type=int, choices=(0, 1))
    arguments.add_argument("--worst", type=int, default=0)
    arguments.add_argument("--only")
    arguments.add_argument("--extractors", default=",".join(EXTRACTORS))
    asked = arguments.parse_args()
    if not asked.folder.is_dir():
        sys.exit(f"There is no folder {asked.folder}.")
    chosen = [case for case in cases(asked.folder) if asked.half in (None, half_of(case.name))]
    jobs = [(name, case) for name in asked.extractors.split(",") for case in chosen if asked.only in (None, case.kind)]
    with ProcessPoolExecutor() as workers:
        scores = [(name, one) for name, one, _ in workers.map(score, jobs, chunksize=4)]
    print(*table(scores), *worst(scores, asked.worst), sep="\n")


if __name__ == "__main__":
    main()
