"""What posts and issues are called in our feeds: for good, or every reader app would show old ones as news.

A name may hang neither on where the site is, as `public_url` is often set later and a blog may move, nor on numbers of
the state alone, as an older copy of it may be put back and count anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from pipeline.model import IssueNumber, Post, PostId
from pipeline.store import Tx, feeds, posts
from pipeline.store.issues import Outline


def of_post(post: PostId) -> str:
    """How a post's guid is looked up."""
    return f"post/{post}"


def of_issue(number: IssueNumber) -> str:
    """How an issue's guid is looked up."""
    return f"issue/{number}"


def posts_called(tx: Tx, chosen: Sequence[PostId], home: str) -> dict[str, str]:
    """The guids of posts; who has none is given one, for good: a name-based UUID (RFC 9562 section 5.5).

    Posts from before guids were kept are called as they were then, by the host of `home` (RFC 4151).
    """
    known = feeds.guids(tx, map(of_post, chosen))
    nameless = [post for post in chosen if of_post(post) not in known]
    last_tagged = feeds.last_tagged(tx) if nameless else 0
    for post in posts.outlines(tx, nameless):
        old = post.id <= last_tagged
        guid = _tag(home, f"{post.first_seen.date()}:{of_post(post.id)}") if old else _first_free(tx, post)
        feeds.give(tx, of_post(post.id), guid)
        known[of_post(post.id)] = guid
    return known


def issues_called(tx: Tx, listed: Sequence[Outline], home: str) -> dict[str, str]:
    """The guids of issues; who has none is given one, for good."""
    known = feeds.guids(tx, [of_issue(issue.number) for issue in listed])
    for issue in listed:
        what = of_issue(issue.number)
        if what not in known:
            known[what] = _tag(home, f"{issue.created:%Y-%m-%d}:{what}")
            feeds.give(tx, what, known[what])
    return known


def _first_free(tx: Tx, post: Post) -> str:
    """What a state that has lost this post would call it, too, even if the blog moved; unless another is called so."""
    address = urlsplit(post.article.url)
    first = f"{address.path}?{address.query}\n{post.article.title}"
    names = (uuid5(NAMESPACE_URL, said).urn for said in (first, f"{first}\n{post.id}"))
    return next(name for name in names if not feeds.is_taken(tx, name))


def _tag(home: str, rest: str) -> str:
    return f"tag:{urlsplit(home).hostname or 'localhost'},{rest}"
