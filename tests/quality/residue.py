"""How much boilerplate the cleaner leaves in real entries, and how many of an author's sentences it loses.

    python -m tests.quality.residue FEEDS WPJSON

FEEDS is a folder with MANIFEST.tsv and raw/, WPJSON a folder of answers of WordPress' REST API; either may be "-".
The phrases and the furniture below are this program's own: nothing here asks the cleaner what residue is. Next to the
cleaner stand nh3 alone and readability-lxml on the same fragments. Files are split into two halves by the hash of
their names, "tuned" and "unseen": rules are written by looking at the first only.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import logging
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nh3
from lxml import etree, html

from pipeline.clean import residue, tree
from pipeline.clean.article import ATTRIBUTES, TAGS
from pipeline.clean.article import article as clean
from pipeline.errors import PaperroundError
from pipeline.model import Entry, EntryId, Fetched, KnownEntry, Source, SourceName
from pipeline.model.text import legal
from pipeline.pull import feed

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SHORT = 220
PHRASES = (
    r"(the )?(post|article) .{1,180} (appeared first on|first appeared on) .*",
    r"(der beitrag|l.article|la entrada|l.articolo|o post|het bericht|artykuł|сообщение|запись|wpis) .{1,160} (erschien zuerst auf|est apparu en premier sur|(se publicó|aparece|apareció) primero en|(è apparso|proviene) .{0,12}(su|da|dal)|apareceu primeiro em|verscheen eerst op|pochodzi z serwisu|появил.. сначала на) .*",
    r"(share|teilen|partager|compartir|compartilhe?|condividi|delen|udostępnij|поделиться)( this| mit| cette| esto| isso| dit| to)?.{0,25}",
    r"(like|gefällt mir|me gusta|mi piace)( this)?( loading| wird geladen| cargando)?",
    r"(like this )?(like )?loading",
    r"click to (share|email|print) .*",
    r"klick.{1,30}teilen.*",
    r"haz clic para .*",
    r"(related|similar|more|ähnliche|weitere|articles?|artículos|entradas|artikel|articoli|verwandte|powiązane|похожие|関連) ?(posts?|articles?|stories|reading|beiträge|artikel|similaires|relacionad[oa]s|correlati|wpisy|записи|記事|liés)",
    r"(you (might|may) also (like|enjoy)|see also|das könnte (dich|sie) auch interessieren)",
    r"(continue|keep) reading.{0,120}",
    r"(read|see|learn) (more|the rest).{0,40}",
    r"(more|mehr|suite|más|leggi tutto)",
    r"(weiterlesen|lire la suite|leer más|seguir leyendo|continua a leggere|leia mais|lees verder|czytaj dalej|читать далее|читать дальше|続きを読む|اقرأ المزيد|קרא עוד).{0,100}",
    r"(leave|post|add) a (comment|reply)( cancel reply)?",
    r"\d+ (comments?|kommentare?|commentaires?|comentarios?)",
    r"(no|\d+) (comments?|responses?)( (on|to) .*)?",
    r"comments?( are closed| off| feed)?",
    r"(kommentar hinterlassen|laisser un commentaire|deja un comentario|lascia un commento|deixe um comentário|laat een reactie achter|dodaj komentarz|оставить комментарий|コメント(する|を残す)|اترك تعليق\w*)",
    r"your email address will not be published.*",
    r"this site uses akismet.*",
    r"learn how your comment data .*",
    r"(subscribe|sign up)( to| for)?( (our|my|the))?( free)?( (blog|newsletter|mailing list|e-?mail updates?))?( now| here)?",
    r"(subscribe|sign up) (to|for) (our|my|the) .{0,40}(newsletter|mailing list|updates).{0,40}",
    r"follow (me|us|.{1,30}) on .{1,60}",
    r"(tweet|tweets?|pin it|pin|print|email|e-mail|facebook|twitter|pinterest|whatsapp|reddit|linkedin|tumblr|digg|delicious|stumbleupon|telegram|pocket|drucken|imprimir|stampa|imprimer)",
    r"(?:(?:tweet|share|pin|email|print|facebook|twitter|linkedin|pinterest|reddit|tumblr|google|digg|delicious|pocket|stumbleupon|whatsapp|telegram|mix|technorati|this|on|to|by|via|it|and|more|[0-9]+)[ |•,+]*+)++",
    r"(blogthis|email this).*",
    r"(posted|filed|tagged|categor(y|ies)|tags?|labels?)( in| under| with)?( [^.!?]{0,120})?",
    r"(posted|published|written) by .{1,60}",
    r"(veröffentlicht|abgelegt|kategorien?) (in|unter) .{0,100}",
    r"add to (facebook|digg|del icio us|reddit|stumbleupon|google|mixx|technorati).*",
    r"skip to (content|main content)",
    r"back to top",
    r"(next|previous|older|newer) (post|article|entry|page)s?",
    r"thanks for reading .{1,60}subscribe for free.*",
    r"(originally|first) (published|posted) (in|on|at) .{1,80}",
    r".{1,60} was originally published in .*",
    r"jump to recipe( print recipe)?",
    r"print recipe",
    r"table of contents",
    r"advertisement|anzeige|werbung|publicité",
    r"(please )?(rate|vote for) this.*",
    r"loading",
    r"permalink",
    r"source",
    r"(via|tags?)",
    r"unsubscribe",
    r"copy link",
    r"download( file| pdf)?",
    r"cookie (settings|policy)",
)
BLOCK = re.compile("|".join(f"(?:{one})" for one in PHRASES))
SHORTCODE = re.compile(
    r"\[/?(?:gallery|caption|vc_|et_pb_|fusion_|embed|audio|video|playlist|contact-form|wpforms|mc4wp|su_|av_|rev_slider"
    r"|ninja_form|gravityform|tablepress|toc\b|/)[^\]]{0,400}\]?"
)
BAD_PICTURE = re.compile(
    r"pixel\.wp\.com|stats\.wordpress|feeds\.feedburner\.com/~(?:r|ff)/|feeds\.wordpress\.com|doubleclick|/b\.gif|_/stat"
    r"|blogger\.googleusercontent\.com/tracker|tracker/\d|addtoany|addthis|sharethis|share[-_]?(?:button|icon)"
    r"|facebook[-_.]?(?:icon|\d+)?\.(?:png|gif)|twitter[-_.]?(?:icon|\d+)?\.(?:png|gif)|/pixel\.gif|pheedo|feedsportal"
    r"|^data:|/smilies?/|s\.w\.org/images/core/emoji|gravatar\.com/avatar|digg\.png|delicious\.(?:png|gif)|a2a/",
    re.IGNORECASE,
)
FURNITURE = re.compile(
    r"(?:^|\s)(?:sharedaddy|jp-relatedposts|yarpp\S*|crp_related|a2a_kit|addtoany\S*|addthis\S*|feedflare|shareaholic\S*"
    r"|heateor\S*|mashsb\S*|swp_\S+|saboxplugin\S*|abh_\S+|mc4wp\S*|wpforms\S*|wpcf7\S*|gform\S*|akismet\S*|ez-toc\S*"
    r"|comment-respond|subscription-widget\S*|subscribe-widget|cookie-notice\S*|rp4wp\S*|jp-post-flair|wpcnt|wordads\S*"
    r"|sociable\S*|tptn_\S+|lwptoc\S*|toc_container|rank-math-toc\S*|code-block|kg-signup-card|noprint|author-box"
    r"|social-share\S*|post-meta|entry-meta|related-posts?|newsletter-\S+|screen-reader-text)(?:\s|$)",
    re.IGNORECASE,
)  # fmt: skip
UNSEEN_TAGS = ("script", "style", "noscript", "form", "template", "button", "select", "textarea", "nav", "iframe", "svg",
               "head", "object", "audio", "video", "math")  # fmt: skip
BREAKS = ("p", "div", "li", "ul", "ol", "dl", "dt", "dd", "table", "tr", "td", "th", "blockquote", "pre", "figure",
          "figcaption", "h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "hr", "header", "footer", "aside",
          "center", "caption", "details", "summary", "tbody", "br", "address", "main")  # fmt: skip
ENDS = re.compile(r"[.!?…؟।]+[\"'”’»)\]]*(?:\s+|$)|[。！？]+[」』”）]*")


@dataclass(kw_only=True)
class Score:
    """What one way of cleaning left and lost in one half of the files."""

    entries: int = 0
    left: int = 0
    entries_left: set[str] = field(default_factory=set)
    sentences: int = 0
    lost: int = 0
    cases: list[str] = field(default_factory=list)


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; 0 when done, 2 with a sentence when a folder is missing."""
    parser = argparse.ArgumentParser(prog="python -m tests.quality.residue", description=__doc__)
    parser.add_argument("feeds", help='folder with MANIFEST.tsv and raw/, or "-"')
    parser.add_argument("wpjson", help='folder of WordPress REST answers, or "-"')
    parser.add_argument("--cases", type=int, default=40, help="how many cases to print of each kind and half")
    parser.add_argument("--half", choices=("tuned", "unseen"), default="tuned", help="whose cases are printed")
    given = parser.parse_args(arguments)
    for folder in (given.feeds, given.wpjson):
        if folder != "-" and not Path(folder).is_dir():
            print(f"There is no folder {folder}. Give the folder of feeds and the folder of REST answers, or -.")
            return 2
    logging.getLogger("readability").setLevel(logging.CRITICAL)
    scores: dict[tuple[str, str], Score] = {}
    for name, entry in _all(given.feeds, given.wpjson):
        half = "tuned" if hashlib.sha256(name.encode()).digest()[0] % 2 else "unseen"
        for way, make in WAYS.items():
            _score(scores.setdefault((half, way), Score()), name, entry, make, explain=way == "paperround")
    _print(scores, given.half, given.cases)
    return 0


def _all(feeds: str, wpjson: str) -> Iterator[tuple[str, Entry]]:
    if feeds != "-":
        for row in csv.DictReader((Path(feeds) / "MANIFEST.tsv").open(encoding="utf-8"), delimiter="\t"):
            yield from ((row["file"], entry) for entry in _feed(Path(feeds) / row["file"]))
    if wpjson != "-":
        for path in sorted(Path(wpjson).glob("*.json")):
            yield from ((path.name, entry) for entry in _rest(path))


def _feed(path: Path) -> tuple[Entry, ...]:
    address = "https://blog.example.org/feed/"
    fetched = Fetched(url=address, status=200, headers={}, body=path.read_bytes())
    try:
        return feed.read(Source(name=SourceName("bench"), url=address), fetched, now=NOW).entries
    except PaperroundError:
        return ()


def _rest(path: Path) -> Iterator[Entry]:
    try:
        found: Any = json.loads(path.read_bytes())
    except ValueError:
        return
    for one in found if isinstance(found, list) else [found]:
        content = one.get("content") if isinstance(one, dict) else None
        if isinstance(content, dict) and content.get("rendered"):
            title = one.get("title") or {}
            yield Entry(
                source=SourceName("bench"),
                guid=str(one.get("id")),
                link=one.get("link"),
                title=str(title.get("rendered", "")),
                html=str(content["rendered"]),
            )


def _score(score: Score, name: str, entry: Entry, make: Callable[[Entry], str], *, explain: bool) -> None:
    raw = entry.html or entry.summary or ""
    if not raw.strip():
        return
    made = make(entry)
    score.entries += 1
    for kind, words in _left(made):
        score.left += 1
        score.entries_left.add(f"{name} {entry.guid}")
        score.cases.append(f"left\t{name}\t{kind}\t{words}")
    ours = _letters(" ".join(blocks(made)))
    wanted = [one for one in sentences(raw, furniture=False) if not BLOCK.fullmatch(_phrase(one))]
    missing = [one for one in wanted if _letters(one) not in ours]
    score.sentences += len(wanted)
    score.lost += len(missing)
    if explain:
        score.cases += [f"lost\t{name}\t{_taker(raw, one)}\t{one}" for one in missing]


def _left(made: str) -> Iterator[tuple[str, str]]:
    """Boilerplate in cleaned HTML: whole short blocks, brackets of shortcodes, pictures and empty paragraphs."""
    root = _tree(made)
    for block in blocks(made):
        if len(block) <= SHORT and (said := _phrase(block)) and BLOCK.fullmatch(said) and re.search("[^\\W\\d]", said):
            yield "block", block
        if found := SHORTCODE.search(block):
            yield "shortcode", found[0]
    for image in root.iter("img"):
        sizes = {image.get("width"), image.get("height")}
        if BAD_PICTURE.search(image.get("src") or "") or sizes & {"0", "1"}:
            yield "picture", image.get("src")
    for paragraph in root.iter("p"):
        if not "".join(paragraph.itertext()).strip("\u00a0\u200b \n\t") and len(paragraph) == 0:
            yield "empty", etree.tostring(paragraph, encoding="unicode")[:80]


def _phrase(block: str) -> str:
    """A block as the phrases are written: lower case, marks and arrows gone, single spaces."""
    return " ".join(re.sub(r"[^\w\s,+|•]|_", " ", block.casefold()).split()).strip(" ,|•+")


def _tree(text: str) -> Any:
    bare = re.sub(r"<\?xml[^>]*\?>", "", legal(text))
    return html.document_fromstring(f"<html><body><div>{bare}</div></body></html>")


def blocks(text: str) -> list[str]:
    """The visible text of some HTML, one string per block."""
    return _lines(_tree(text))


def sentences(raw: str, *, furniture: bool) -> list[str]:
    """Sentences of at least 6 words (12 letters where words have no spaces), without furniture unless asked for."""
    root = _tree(raw)
    for element in list(root.iter(etree.Element)):
        hidden = "display:none" in (element.get("style") or "").replace(" ", "")
        named = not furniture and FURNITURE.search(f"{element.get('class', '')} {element.get('id', '')}")
        if element.tag in UNSEEN_TAGS or hidden or (named and element.tag not in ("body", "html")):
            tree.drop(element)
    lines = [one for one in _lines(root) if len(one) > SHORT or not BLOCK.fullmatch(_phrase(one))]
    found = [one for line in lines for one in _cut(SHORTCODE.sub("", line))]
    return [one for one in found if len(one.split()) >= 6 or len(re.findall("[\u3040-\u9fff]", one)) >= 12]


def _cut(line: str) -> Iterator[str]:
    """The sentences of a line; what follows the last full stop is none."""
    start = 0
    for end in ENDS.finditer(line):
        yield line[start : end.end()].strip()
        start = end.end()


def _lines(root: Any) -> list[str]:
    parts: list[str] = []
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if not isinstance(element.tag, str) or element.tag in ("script", "style"):
            parts += [element.tail or ""] if event == "end" else []
            continue
        if element.tag in BREAKS:
            parts.append("\0")
        parts.append((element.text if event == "start" else element.tail) or "")
    return [" ".join(one.split()) for one in "".join(parts).split("\0") if one.strip()]


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())


def _taker(raw: str, sentence: str) -> str:
    """The cleaning rule that took a sentence, as well as it can be told."""
    wanted = _letters(sentence)
    for rule, words in residue.taken(tree.parse(raw)):
        if wanted in _letters(words) or (len(words) > 20 and _letters(words) in wanted):
            return rule
    return "later than the rules"


def _ours(entry: Entry) -> str:
    known = KnownEntry(
        id=EntryId(1),
        revision=1,
        entry=entry,
        page=None,
        page_url=None,
        page_problem=None,
        before=False,
        seen=NOW,
        changed=None,
    )
    try:
        return clean(known).html
    except PaperroundError:
        return ""


def _nh3(entry: Entry) -> str:
    return nh3.clean(legal(entry.html or entry.summary or ""), tags=TAGS, attributes=ATTRIBUTES)


def _readability(entry: Entry) -> str:
    from readability import Document

    try:
        made = str(Document(legal(entry.html or entry.summary or "")).summary(html_partial=True))
    except Exception:  # noqa: BLE001  # whatever it raises, it made nothing of this entry
        return ""
    return made


WAYS: dict[str, Callable[[Entry], str]] = {"paperround": _ours, "nh3 alone": _nh3, "readability": _readability}


def _print(scores: dict[tuple[str, str], Score], half: str, count: int) -> None:
    print(
        f"{'half':8}{'way':14}{'entries':>8}{'left':>7}{'in entries':>12}{'sentences':>11}{'lost':>7}{'share lost':>12}"
    )
    for (name, way), score in sorted(scores.items()):
        share = score.lost / max(score.sentences, 1)
        print(
            f"{name:8}{way:14}{score.entries:8}{score.left:7}{len(score.entries_left):12}{score.sentences:11}"
            f"{score.lost:7}{share:12.4%}"
        )
    cases = scores[half, "paperround"].cases if (half, "paperround") in scores else []
    _cases("Left", (one for one in cases if one.startswith("left")), count)
    _cases("Lost", (one for one in cases if one.startswith("lost")), count)


def _cases(title: str, cases: Iterable[str], count: int) -> None:
    print(f"\n{title}")
    for case, times in Counter(cases).most_common(count):
        _, name, kind, words = case.split("\t", 3)
        print(f"  {times:4} x {kind:22} {name[:44]:44} {words[:200]!r}")


if __name__ == "__main__":
    sys.exit(main())
