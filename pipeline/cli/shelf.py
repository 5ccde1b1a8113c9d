"""The shelf: your books."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.terminal import Number, Terminal

if TYPE_CHECKING:
    from pipeline.books.advice import Wanted
    from pipeline.books.match import Match
    from pipeline.model import Article, Book, Pick

NEAR = 12
"""So many books are shown; --json has all."""
RANKED = 100


@click.group()
def books() -> None:
    """Your books: the shelf, and what fits a post.

    \b
    Example: paperround books suggest --file draft.html
    """


@books.command(name="list")
@click.option("--shown", is_flag=True, help="Those that issues have shown, with the issues.")
@click.option("--own", is_flag=True, help="Without the starter shelf.")
@click.pass_obj
def list_(terminal: Terminal, *, shown: bool, own: bool) -> None:
    """List the shelf, or what issues have shown of it.

    \b
    Example: paperround books list --shown
    """
    from pipeline.books import shelf_at

    known = [book for book in shelf_at(terminal.settings().books).books if not (own and book.starter)]
    if shown:
        _list_shown(terminal, known)
        return
    documents = [_facts(book) | {"themes": list(book.themes), "starter": book.starter} for book in known]
    lines = [
        f"{book.isbn or '-':<13}  {book.title}{f', {book.author}' if book.author else ''}"
        f"{'  (starter shelf)' if book.starter else ''}"
        for book in known
    ]
    terminal.show({"books": documents}, lines or ["The shelf is empty."])


def _list_shown(terminal: Terminal, known: list[Book]) -> None:
    from pipeline.store import issues

    titles = {book.key: book.title for book in known}
    with terminal.project(alone=False, looks=True) as project, project.store.reading() as tx:
        history = issues.every_shown(tx)
    lines = [
        f"{titles.get(key, key)}: {'issue' if len(numbers) == 1 else 'issues'} {', '.join(map(str, numbers))}"
        for key, numbers in history.items()
    ]
    documents = [{"title": titles.get(key, key), "issues": list(numbers)} for key, numbers in history.items()]
    terminal.show({"shown": documents}, lines or ["No issue has shown a book yet."])


@books.command()
@click.option("--covers", is_flag=True, help="Ask for every cover too; this takes a while.")
@click.pass_obj
def check(terminal: Terminal, *, covers: bool) -> None:
    """Name every fault of the shelf by line, themes that nobody knows, and themes that want books.

    \b
    Example: paperround books check --covers
    """
    from pipeline.books import advice, shelf_at

    on_shelf = shelf_at(terminal.settings().books)
    unknown, wanted = advice.unknown_themes(on_shelf), advice.shopping_list(on_shelf)
    dead: tuple[str, ...] = ()
    if covers:
        with terminal.project(alone=False, looks=True) as project:
            dead = tuple(advice.dead_covers(on_shelf, project.out.fetch))
    faults = [*on_shelf.faults, *dead]
    own = sum(not book.starter for book in on_shelf.books)
    lines = [
        *faults,
        *unknown,
        *(_wish(each) for each in wanted),
        _count(own, len(on_shelf.books) - own) + ("." if faults else ", nothing to mend."),
    ]
    document = {
        "books": len(on_shelf.books),
        "own": own,
        "faults": faults,
        "unknown_themes": list(unknown),
        "wanted": [{"theme": each.theme, "titles": list(each.titles)} for each in wanted],
    }
    terminal.show(document, lines)
    click.get_current_context().exit(2 if faults else 0)


def _count(own: int, borrowed: int) -> str:
    return f"{own} books of yours and {borrowed} of the starter shelf"


def _wish(wanted: Wanted) -> str:
    has = f"only {' and '.join(wanted.titles)}" if wanted.titles else "no book"
    return f"Wanted: for {wanted.theme} there is {has}."


@books.command()
@click.argument("post", type=Number(), required=False, help="The post's number, as `posts` lists it.")
@click.option(
    "--file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Any text instead of a post."
)
@click.pass_obj
def suggest(terminal: Terminal, post: int | None, file: Path | None) -> None:
    """Which of your books go with a post, or with any HTML or text, and which words say so.

    Below them stand those that come near, with the reason why they are not suggested.

    \b
    Example: paperround books suggest 12
             paperround books suggest --file draft.html
    """
    from pipeline.books import shelf_at
    from pipeline.books.suggest import others, suggest
    from pipeline.errors import UserError

    if (post is None) == (file is None):
        raise UserError("Name a post by its number, or a file with --file.")
    article = _of_post(terminal, post) if post is not None else _of_file(terminal, file or Path())
    settings = terminal.settings().books
    on_shelf = shelf_at(settings)
    picks, near = suggest(article, on_shelf, settings, most=RANKED), others(article, on_shelf, settings)
    lines = [f"{pick.score:.2f}  {pick.book.title} ({pick.origin}): {pick.reason} {_words(pick)}" for pick in picks]
    unfit = [f"{match.score:.2f}  {match.book.title}: not suggested, {match.unfit}" for match in near[:NEAR]]
    document = {"picks": [_document(pick) for pick in picks], "others": [_other(match) for match in near]}
    terminal.show(document, [*(lines[:NEAR] or ["None of your books fits."]), *unfit])


@books.command()
@click.argument("isbn", nargs=-1, required=True, metavar="ISBN...", help="10 or 13 digits each; hyphens don't matter.")
@click.pass_obj
def add(terminal: Terminal, isbn: tuple[str, ...]) -> None:
    """Look books up by ISBN at Open Library and Google Books, and write them at the end of your shelf.

    \b
    Example: paperround books add 9780763619619
    """
    from pipeline.books import catalogues, exchange, own
    from pipeline.errors import ShelfError, UserError
    from pipeline.model import isbn13

    digits = {text: isbn13(text) for text in isbn}
    if wrong := [text for text, found in digits.items() if found is None]:
        raise UserError(f"{wrong[0]} is no ISBN: it has not 10 or 13 digits, or its check digit is wrong.")
    added: list[Book] = []
    lines: list[str] = []
    failed = False
    with terminal.project(alone=False) as project:
        shelf = project.settings.books.shelf
        for number in filter(None, digits.values()):
            if there := own(project.settings.books, number):
                lines.append(f"{there.title}: is on your shelf already.")
                continue
            try:
                found = catalogues.remembered(number, project.settings.outbox / "catalogues", project.out.fetch)
            except ShelfError as fault:
                lines.append(str(fault))
                failed = True
                continue
            new = exchange.add(shelf, [found.book])
            said = f"added, from {' and '.join(found.sources)}" if new else "is on your shelf already"
            lines.append(f"{found.book.title}: {said}.")
            added += new
    wants = ["Give it ages, themes and your own words in sources/books.toml."] if added else []
    terminal.show({"added": [_facts(book) for book in added], "lines": lines}, [*lines, *wants])
    click.get_current_context().exit(3 if failed else 0)


@books.command()
@click.argument("book", metavar="ISBN-OR-TITLE", help="The ISBN, or the title as `books list --own` has it.")
@click.pass_obj
def remove(terminal: Terminal, book: str) -> None:
    """Take a book out of your shelf, and print its lines, so that they can be put back.

    The rest of the file stays as it is, comments included. Nothing is done when it is not clear which book is meant.

    \b
    Example: paperround books remove 9780763619619
             paperround books remove "The Dot"
    """
    from pipeline.books import changing, shelf_at, uses

    with terminal.project(alone=False) as project:
        settings = project.settings.books
        gone = changing.meant(book, shelf_at(settings).books)
        used = uses.of(gone, project.store)
        lines = changing.remove(settings.shelf, gone)
        said = [f"Taken off your shelf: {changing.named(gone)}.", *used, *uses.left(gone, shelf_at(settings).books)]
    for sentence in said:
        terminal.say(sentence)
    terminal.show({"removed": _facts(gone), "lines": lines, "said": said}, [lines.rstrip("\n")])


@books.command(name="import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The CSV file.")
@click.pass_obj
def import_(terminal: Terminal, file: Path) -> None:
    """Put the books of a CSV file on your shelf: ours, or an export of Goodreads or LibraryThing.

    \b
    Example: paperround books import goodreads_library_export.csv
    """
    from pipeline.books import exchange
    from pipeline.plural import many

    found = exchange.read_csv(file)
    added = exchange.add(terminal.settings().books.shelf, found.books)
    there = len(found.books) - len(added)
    said = f"{many(len(added), 'book')} added"
    said += f"; {there} {'was' if there == 1 else 'were'} on your shelf already." if there else "."
    terminal.show({"added": [_facts(book) for book in added], "faults": list(found.faults)}, [*found.faults, said])


@books.command()
@click.option("--starter", is_flag=True, help="With the books of the starter shelf.")
@click.pass_obj
def export(terminal: Terminal, *, starter: bool) -> None:
    """Write your shelf as CSV to standard output, for a spreadsheet.

    \b
    Example: paperround books export > shelf.csv
    """
    from pipeline.books import exchange, shelf_at

    known = [book for book in shelf_at(terminal.settings().books).books if starter or not book.starter]
    text = exchange.write_csv(known)
    terminal.show({"csv": text}, [text.rstrip("\n")])


def _facts(book: Book) -> dict[str, Any]:
    return {"isbn": book.isbn, "title": book.title, "author": book.author, "year": book.year}


def _of_post(terminal: Terminal, number: int) -> Article:
    from pipeline.errors import UserError
    from pipeline.model import PostId
    from pipeline.store import posts

    with terminal.project(alone=False, looks=True) as project, project.store.reading() as tx:
        post = posts.get(tx, PostId(number))
    if post is None:
        raise UserError(f"There is no post {number}.", next_step="`paperround posts` lists them.")
    return post.article


def _of_file(terminal: Terminal, file: Path) -> Article:
    from pipeline.clean import article_of_text

    home = terminal.settings().newsletter.url
    return article_of_text(file.read_text("utf-8-sig", "replace"), title=file.stem.replace("-", " "), url=home)


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


def _other(match: Match) -> dict[str, Any]:
    return {"title": match.book.title, "author": match.book.author, "score": match.score, "why_not": match.unfit}


COMMANDS = (books,)
