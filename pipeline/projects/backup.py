"""The whole project as one file, and back: the state, sources/, templates/, the issues that were approved, pictures."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

import msgspec

from pipeline import config, deliver, files, folder, syndicate, whereabouts
from pipeline.config import Settings
from pipeline.errors import SettingsError, StoreFault, UserError
from pipeline.feedback import readers
from pipeline.plural import many
from pipeline.projects import archive
from pipeline.store import Store, Tx, dumping, issues, open_store, people
from pipeline.store.sqlite import set_aside

FORMAT = "paperround-backup-1"
FOLDERS = ("sources", "templates", "outbox/public/pictures", "outbox/public/books", "outbox/covers")
ISSUES = "outbox/issues"
_FILES = "files/"
_STATE = "state/"
_PASSWORD = "PAPERROUND_STORE_PASSWORD"  # noqa: S105 - the name of a variable


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What was written or put back: rows of each table, number of files, and what else is to be said."""

    rows: dict[str, int]
    files: int
    advice: tuple[str, ...] = ()


def back_up(settings: Settings, store: Store, target: Path, now: datetime) -> Made:
    """Write a backup to `target`, which must not be there yet. Raises UserError, StoreFault."""
    with store.reading() as tx:
        return _written(settings, tx, target, now, _finished(tx, settings))


def _written(settings: Settings, tx: Tx | None, target: Path, now: datetime, chosen: Iterable[str]) -> Made:
    left_out: list[str] = []
    rows = dict[str, int]()
    about = {
        "format": FORMAT,
        "made": now.isoformat(),
        "title": settings.newsletter.title,
        "revision": dumping.revision(tx) if tx else None,
    }
    here = [*FOLDERS, *(f"{ISSUES}/{name}" for name in chosen)]
    parts = _parts(settings.folder, tx, here, left_out.append, rows)
    try:
        manifest = archive.write(target, parts, about)
    except OSError as fault:
        words = f"The backup can't be written: {fault.strerror}; nothing is there."
        raise UserError(words, where=str(target), next_step="Choose a place with room that you may write to.") from None
    advice = [f"Left out {name}: it is hidden, or leads elsewhere." for name in left_out]
    count = sum(name.startswith(_FILES) for name in manifest["parts"])
    return Made(rows=rows, files=count, advice=tuple(advice))


def _parts(
    home: Path, tx: Tx | None, here: Iterable[str], left_out: Callable[[str], None], rows: dict[str, int]
) -> Iterator[archive.Part]:
    for name in dumping.names() if tx else ():
        yield f"{_STATE}{name}.jsonl", _counted(tx, name, rows)
    for top in here:
        for path in sorted((home / top).rglob("*")):
            name = path.relative_to(home).as_posix()
            if path.is_symlink() or not archive.harmless(name):
                left_out(name)
            elif path.is_file():
                with contextlib.suppress(FileNotFoundError):
                    yield f"{_FILES}{name}", [path.read_bytes()]


def _counted(tx: Tx | None, name: str, rows: dict[str, int]) -> Iterator[bytes]:
    rows[name] = -1  # the first line names the columns
    for line in dumping.rows(tx, name) if tx else ():
        rows[name] += 1
        yield line


def _finished(tx: Tx, settings: Settings) -> list[str]:
    """The folders of issues that must stay as they are: approved, or edited by hand. A draft can be made again."""
    settled = issues.all_settled(tx)
    names = {one.number: one.folder for one in issues.outlines(tx)}
    for number in names.keys() - settled:
        last = issues.rendering(tx, number)
        if last is None or not last.whole or not folder.edited(settings.issues / last.folder, last.sha):
            del names[number]
    return [names[number] for number in sorted(names)]


def put_back(start: Path, source: Path, environment: Mapping[str, str], now: datetime, *, force: bool) -> Made:
    """Put a backup in the place of a project's state and files.

    Nothing is touched before every byte of it was checked. Raises UserError for a file that is no backup, and without
    `force` for a project whose state is in use; Busy while a run is at work; StoreFault.
    """
    with archive.opened(source, FORMAT) as backup:
        _must_be_ours(backup, source)
        home = _home(start)
        if not (home / config.FILE).exists():
            files.write(home / config.FILE, backup.content(f"{_FILES}{config.FILE}"))
        settings = config.load(home, environment)
        settings.outbox.mkdir(exist_ok=True)
        aside = f"{now:%Y%m%dT%H%M%SZ}"
        store, advice = _store(settings, aside, now, force=force)
        with closing(store), store.locked():
            advice += _make_room(settings, store, aside, now, force=force) if not advice else []
            rows, more = _replaced(backup, store, settings, aside, now)
            count = _put_files(backup, settings)
            with store.writing() as tx:
                dumping.end(tx)
        return Made(rows=rows, files=count, advice=(*advice, *more, *_settings_beside(settings, backup)))


def _must_be_ours(backup: archive.Archive, source: Path) -> None:
    """Every part has its place, and what a project needs is there."""
    allowed = (_STATE, *(f"{_FILES}{name}/" for name in (*FOLDERS, ISSUES)))
    for name in backup.names(""):
        if not name.startswith(allowed):
            raise UserError(f"The backup holds {name!r}, which no backup has; nothing was used.", where=str(source))
    if not backup.manifest.get("revision") or f"{_FILES}{config.FILE}" not in backup.names(_FILES):
        words = "This file was kept beside a damaged state and holds only files; it can't be put back as a whole."
        raise UserError(words, where=str(source), next_step="Unpack it and take what you need.")


def _home(start: Path) -> Path:
    try:
        return config.find(start)
    except SettingsError:
        start.mkdir(parents=True, exist_ok=True)
        return start.resolve()


def _store(settings: Settings, aside: str, now: datetime, *, force: bool) -> tuple[Store, list[str]]:
    """The state to be replaced; a damaged one is put aside first, when that was ordered, with the files beside it."""
    table = settings.store
    password = settings.secrets.get(_PASSWORD)

    def opened() -> Store:
        return open_store(table.url, settings.folder, name=table.name, password=password, even_moved=True)

    try:
        return opened(), []
    except StoreFault as fault:
        file = whereabouts.file_of(table.url, settings.folder)
        if file is None:
            raise
        if not force:
            raise StoreFault(
                fault.what,
                where=fault.where,
                next_step="`restore FILE --force` puts a damaged file aside.",
            ) from None
        kept = settings.outbox / f"before-restore-{aside}.zip"
        _written(settings, None, kept, now, _folders(settings))
        moved = set_aside(file, aside)
        names = ", ".join(path.name for path in moved)
        return opened(), [f"The damaged state is kept as {names}, and the files as they were in outbox/{kept.name}."]


def _make_room(settings: Settings, store: Store, aside: str, now: datetime, *, force: bool) -> list[str]:
    """Keep what is there in a backup of its own. Raises UserError when it is in use and nobody ordered this."""
    with store.reading() as tx:
        if not dumping.is_used(tx):
            return []
        if not force:
            raise UserError(
                "There is a state already that knows of posts, issues or readers; nothing was changed.",
                where="[store]" if whereabouts.on_server(settings.store.url) else settings.store.url,
                next_step="`restore FILE --force` keeps it in a file of its own and puts the backup in its place.",
            )
        kept = settings.outbox / f"before-restore-{aside}.zip"
        _written(settings, tx, kept, now, _folders(settings))
    return [f"What was here before is kept in outbox/{kept.name}, a backup like any other."]


def _folders(settings: Settings) -> list[str]:
    return [path.name for path in sorted(settings.issues.glob("*")) if path.is_dir() and not path.is_symlink()]


def _replaced(
    backup: archive.Archive, store: Store, settings: Settings, aside: str, now: datetime
) -> tuple[dict[str, int], list[str]]:
    """The rows, all or none. Who has left since the backup was made stays out; nothing may be sent.

    Who has come since is no reader any more, and stands in a file that can be imported.
    """
    names = [name.removeprefix(_STATE).removesuffix(".jsonl") for name in backup.names(_STATE)]
    with store.writing() as tx:
        out, salt, drafts = dumping.kept_out(tx), dumping.salt(tx), syndicate.of_drafts(tx)
        wanted = {
            people.address_key(one.address): line for one, line in readers.rows(tx) if one.state in people.WANTING
        }
        tables = ((name, backup.lines(f"{_STATE}{name}.jsonl")) for name in names)
        rows = dumping.replace(tx, store, str(backup.manifest["revision"]), tables)
        stay = dumping.keep_out(tx, out) if dumping.salt(tx) == salt else 0
        deliver.distrust(tx, store, settings.deliver, now)
        syndicate.distrust(tx, drafts)
        dumping.begin(tx)
        known = {people.address_key(one.address) for one in people.every(tx)}
    more = f"{many(stay, 'reader')} who left or bounced since the backup was made will not be mailed."
    came = [line for key, line in wanted.items() if key not in known]
    return rows, [*([more] if stay else []), *_beside(settings, came, aside)]


def _beside(settings: Settings, came: Sequence[str], aside: str) -> Iterator[str]:
    """Readers whom the backup does not know are kept for an import: it may have been made to be rid of some."""
    if came:
        path = settings.outbox / f"readers-since-backup-{aside}.csv"
        files.write(path, "".join((readers.HEAD, *came)).encode(), mode=0o600)
        count = many(len(came), "reader who came", "readers who came")
        yield f"{count} since the backup was made will get no mail: `subscribers import outbox/{path.name}` adds them."


def _put_files(backup: archive.Archive, settings: Settings) -> int:
    """Every file of the backup but newsletter.toml, which says where the state is; folders of other issues go."""
    names = [name.removeprefix(_FILES) for name in backup.names(_FILES)]
    kept = {name.split("/")[2] for name in names if name.startswith(f"{ISSUES}/")}
    for name in _folders(settings):
        if name not in kept:
            shutil.rmtree(settings.issues / name)
    for name in names:
        if Path(name) != config.FILE:
            _put(settings.folder / name, settings.folder, backup.content(f"{_FILES}{name}"))
    return len(names)


def _put(path: Path, home: Path, content: bytes) -> None:
    """Through no link that leads out of the project."""
    if not path.parent.resolve().is_relative_to(home.resolve()):
        raise UserError(f"{path.parent} leads out of the project.", next_step="Remove that link, then restore again.")
    files.write(path, content)


def _settings_beside(settings: Settings, backup: archive.Archive) -> list[str]:
    """The settings that are there stay; those of the backup are laid beside them when they say something else."""
    theirs = backup.content(f"{_FILES}{config.FILE}")
    if files.holds(settings.folder / config.FILE, theirs):
        return []
    beside = config.FILE.with_name("newsletter.from-backup.toml")
    files.write(settings.folder / beside, theirs)
    return [f"Your {config.FILE} stays as it is; the backup's is {beside}."]
