"""Posts: fetch them, and say which ones may go out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.terminal import Number, Terminal, person

if TYPE_CHECKING:
    from pipeline.clean.compare import Block
    from pipeline.model import Article, Post, Standing
    from pipeline.run import Project


@click.command()
@click.option("--source", metavar="NAME", help="Only this source.")
@click.pass_obj
def pull(terminal: Terminal, source: str | None) -> None:
    """Fetch what changed at your sources, and make posts of it.

    A source that fails is reported and the others go on.

    \b
    Example: paperround pull --source "Lisa's Blog"
    """
    from pipeline import run
    from pipeline.errors import UserError
    from pipeline.model import total
    from pipeline.plural import many

    with terminal.project(alone=True) as project:
        before = _known(project)
        names = [known.name for known in project.settings.sources]
        if source is not None and source not in names:
            raise UserError(f"There is no source {source!r}. Known: {', '.join(names)}.")
        visits = [f"source/{name}" for name in names if source in (None, name)]
        pulled = run.perform(project, "pull", lambda: visits)
        report = total([pulled, run.walk(project, "pull", "clean", "books")])
        came = _known(project) - before
    lines = [] if report.done or report.errors else ["Nothing has changed."]
    lines = [f"{many(came, 'post')} came in; `paperround posts` lists them."] if came else lines
    terminal.conclude(report, {"sources": len(visits), "came": came}, lines)


def _known(project: Project) -> int:
    """How many posts are known, whatever their state."""
    from pipeline.store import posts as stored

    with project.store.reading() as tx:
        return stored.count(tx)


@click.group(invoke_without_command=True)
@click.pass_context
def posts(ctx: click.Context) -> None:
    """What is known of each post: its state and why.

    \b
    Example: paperround posts
             paperround posts keep 12
    """
    if ctx.invoked_subcommand is None:
        _list(ctx.obj)


def _list(terminal: Terminal) -> None:
    from pipeline import compose

    with terminal.project(alone=False, looks=True) as project:
        known = compose.outlines(project.store, project.settings.compose, project.out.clock())
        zone = project.settings.newsletter.timezone
    lines = [
        f"{post.id:>5}  {standing.state:<11} {post.when.astimezone(zone):%Y-%m-%d}  {post.article.title}"
        for post, standing in known
    ]
    reasons = [f"{'':>5}  {'':<11} {standing.reason}" for _, standing in known]
    shown = [line for pair in zip(lines, reasons, strict=True) for line in pair]
    terminal.show({"posts": [_document(*pair) for pair in known]}, shown or ["No posts yet: run `paperround pull`."])


def _document(post: Post, standing: Standing) -> dict[str, Any]:
    return {
        "id": post.id,
        "title": post.article.title,
        "url": post.article.url,
        "source": post.source,
        "published": post.article.published.isoformat() if post.article.published else None,
        "state": standing.state,
        "reason": standing.reason,
        "issue": standing.issue,
        "complete": post.article.complete,
    }


@posts.command()
@click.argument("post", type=Number(), metavar="ID", help="The post's number, as `posts` lists it.")
@click.option("--diff", is_flag=True, help="Block by block: what was kept, removed, and put in.")
@click.pass_obj
def show(terminal: Terminal, post: int, *, diff: bool) -> None:
    """One post: where it stands, and what cleaning took out of it.

    \b
    Example: paperround posts show 12 --diff
    """
    from pipeline import clean, compose
    from pipeline.errors import UserError
    from pipeline.model import PostId
    from pipeline.store import posts as stored

    with terminal.project(alone=False, looks=True) as project:
        with project.store.reading() as tx:
            whole = stored.get(tx, PostId(post))
        if whole is None:
            raise UserError(f"There is no post {post}.", next_step="See `paperround posts` for their numbers.")
        standing = compose.stands(project.store, project.settings.compose, whole, project.out.clock())
        blocks = clean.changes(project.store, PostId(post)) if diff else []
    article = whole.article
    removed = [{"rule": one.rule, "words": one.words} for one in article.removed]
    document = _document(whole, standing) | {"text": article.text, "removed": removed}
    if diff:
        document["blocks"] = [{"did": block.did, "words": block.words, "rule": block.rule} for block in blocks]
    terminal.show(document, [*_about(whole, standing), "", *(_marked(blocks) if diff else _taken(article))])


def _about(post: Post, standing: Standing) -> list[str]:
    article = post.article
    return [
        f"{article.title}  (post {post.id}, from {post.source})",
        article.url or "It has no address.",
        f"{standing.state}: {standing.reason}",
        f"{article.words} words, {article.minutes} min. to read, {article.language or 'language unknown'}",
        *([] if article.complete else ["Only an excerpt of it is there."]),
    ]


def _taken(article: Article) -> list[str]:
    if not article.removed:
        return ["Nothing was removed from it."]
    return ["Removed from it:", *(f"  {one.rule}: {one.words}" for one in article.removed)]


def _marked(blocks: list[Block]) -> list[str]:
    """As in a patch: "-" before what went, "+" before what came; why, in brackets."""
    marks = {"kept": " ", "removed": "-", "put in": "+"}
    return [
        f"{marks[block.did]} {line}"
        for block in blocks
        for line in [*block.words.split("\n"), *([f"  [{block.rule}]"] if block.rule else [])]
    ]


@posts.command()
@click.argument(
    "post", type=Number(), metavar="ID...", nargs=-1, required=True, help="The posts' numbers, as `posts` lists them."
)
@click.pass_obj
def keep(terminal: Terminal, post: tuple[int, ...]) -> None:
    """Let posts into the next issue, whatever their dates.

    \b
    Example: paperround posts keep 12 13
    """
    _choose(terminal, post, "keep")


@posts.command()
@click.argument(
    "post", type=Number(), metavar="ID...", nargs=-1, required=True, help="The posts' numbers, as `posts` lists them."
)
@click.pass_obj
def skip(terminal: Terminal, post: tuple[int, ...]) -> None:
    """Keep posts out of every issue.

    \b
    Example: paperround posts skip 12
    """
    _choose(terminal, post, "skip")


@posts.command()
@click.argument("post", type=Number(), metavar="ID", help="The post's number, as `posts` lists it.")
@click.pass_obj
def pin(terminal: Terminal, post: int) -> None:
    """Let a post lead the next issue, whatever its date and however many there are.

    \b
    Example: paperround posts pin 12
    """
    from pipeline import books, compose, run
    from pipeline.model import PostId

    with terminal.project(alone=True) as project:
        books.ready(project.store, project.settings.books, PostId(post))
        section, now = project.settings.compose, project.out.clock()
        known, report = compose.pin(project.store, section, PostId(post), by=person(), now=now)
        report += run.walk(project, "pull", "clean", "books")
    lines = [f"Post {post}, “{known.article.title}”: leads the next issue."]
    terminal.conclude(report, {"post": post}, lines)


def _choose(terminal: Terminal, numbers: tuple[int, ...], choice: Any) -> None:
    from pipeline import compose, run
    from pipeline.model import PostId

    with terminal.project(alone=True) as project:
        now = project.out.clock()
        chosen = [compose.choose(project.store, PostId(number), choice, now) for number in numbers]
        report = run.walk(project, "pull", "clean", "books") if choice == "keep" else None
    did = "kept for the next issue" if choice == "keep" else "skipped"
    document = {"posts": list(numbers), "choice": choice}
    terminal.show(document, [f"Post {post.id}, “{post.article.title}”: {did}." for post in chosen])
    if report:
        click.get_current_context().exit(report.exit_code)


COMMANDS = (pull, posts)
