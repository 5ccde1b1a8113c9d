"""The shelf: your books."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.terminal import Terminal

if TYPE_CHECKING:
    from pipeline.model import Pick


@click.group(short_help="Your books: list, check, suggest.")
def books() -> None:
    """Your books: the shelf, and what fits a post.

    \b
    Example: paperround books suggest --file draft.html
    """


@books.command(name="list")
@click.pass_obj
def list_(terminal: Terminal) -> None:
    """List the shelf.

    \b
    Example: paperround books list
    """
    from pipeline.books import shelf_at

    known = shelf_at(terminal.settings().books.shelf).books
    documents = [
        {"isbn": book.isbn, "title": book.title, "author": book.author, "themes": list(book.themes)} for book in known
    ]
    lines = [f"{book.isbn or '-':<13}  {book.title}" + (f", {book.author}" if book.author else "") for book in known]
    terminal.show({"books": documents}, lines or ["The shelf is empty."])


@books.command()
@click.pass_obj
def check(terminal: Terminal) -> None:
    """Name every fault of the shelf, by line.

    \b
    Example: paperround books check
    """
    from pipeline.books import shelf_at

    on_shelf = shelf_at(terminal.settings().books.shelf)
    lines = list(on_shelf.faults) or [f"{len(on_shelf.books)} books, nothing to mend."]
    terminal.show({"books": len(on_shelf.books), "faults": list(on_shelf.faults)}, lines)
    click.get_current_context().exit(2 if on_shelf.faults else 0)


@books.command()
@click.argument("post", type=int, required=False)
@click.option(
    "--file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Any text instead of a post."
)
@click.pass_obj
def suggest(terminal: Terminal, post: int | None, file: Path | None) -> None:
    """Which of your books go with a post, or with any HTML or text, and which words say so.

    \b
    Example: paperround books suggest 12
             paperround books suggest --file draft.html
    """
    from pipeline.errors import UserError

    if (post is None) == (file is None):
        raise UserError("Name a post by its number, or a file with --file.")
    picks = _for_post(terminal, post) if post is not None else _for_file(terminal, file or Path())
    lines = [f"{pick.score:.2f}  {pick.book.title} ({pick.origin}): {pick.reason} {_words(pick)}" for pick in picks]
    terminal.show({"picks": [_document(pick) for pick in picks]}, lines or ["None of your books fits."])


def _for_post(terminal: Terminal, number: int) -> tuple[Pick, ...]:
    from pipeline.books import shelf_at
    from pipeline.books.suggest import suggest as think
    from pipeline.errors import UserError
    from pipeline.model import PostId
    from pipeline.store import posts

    with terminal.project(alone=False) as project:
        with project.store.reading() as tx:
            post = posts.get(tx, PostId(number))
        if post is None:
            raise UserError(f"There is no post {number}.", next_step="`paperround posts` lists them.")
        return think(post.article, shelf_at(project.settings.books.shelf), project.settings.books)


def _for_file(terminal: Terminal, file: Path) -> tuple[Pick, ...]:
    from pipeline.books import shelf_at
    from pipeline.books.suggest import suggest as think
    from pipeline.clean import article_of_text

    settings = terminal.settings()
    article = article_of_text(file.read_text("utf-8", "replace"), title=file.stem, url=settings.newsletter.url)
    return think(article, shelf_at(settings.books.shelf), settings.books)


def _words(pick: Pick) -> str:
    return f"[{', '.join(pick.matched)}]" if pick.matched else ""


def _document(pick: Pick) -> dict[str, Any]:
    return {
        "isbn": pick.book.isbn,
        "title": pick.book.title,
        "author": pick.book.author,
        "origin": pick.origin,
        "score": round(pick.score, 3),
        "reason": pick.reason,
        "matched": list(pick.matched),
    }


COMMANDS = (books,)
