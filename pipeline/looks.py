"""Templates: finding them, filling them, and saying where they are wrong. An author's own file comes before ours."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pipeline import files, markup
from pipeline.errors import RenderFault, UserError, did_you_mean
from pipeline.model.text import legal

if TYPE_CHECKING:
    from jinja2 import FileSystemLoader
    from jinja2.sandbox import SandboxedEnvironment

_HERE = Path(__file__).parent
BUILT_IN = _HERE / "_templates" if (_HERE / "_templates").is_dir() else _HERE.parent / "templates"
"""Inside the package when it was installed from a wheel, else beside it."""


def fill(name: str, own: Path, values: Mapping[str, Any]) -> str:
    """The template `name` with `values`; what is not Markup is escaped, in .txt nothing is.

    Raises RenderFault with file and line of whatever is wrong in the template.
    """
    try:
        return _environment(own).get_template(name).render(values)
    except RenderFault:
        raise
    except Exception as fault:  # noqa: BLE001 - a template is the author's program: 1 / 0 is a fault in her file too
        raise _fault(fault, name) from None


def source(name: str, own: Path) -> str:
    """A file of the look as it is. Raises RenderFault when there is none."""
    path = _place(name, own)
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise RenderFault("The template is not UTF-8 text that can be read.", where=f"templates/{name}") from None


def _place(name: str, own: Path) -> Path:
    path = next((folder / name for folder in (own, BUILT_IN) if (folder / name).is_file()), None)
    if path is None:
        raise RenderFault(f"There is no template {name}.", where=str(own))
    return path


def designs(own: Path) -> tuple[str, ...]:
    """The designs of a mail, ours and the author's own, in alphabetical order; a correction's look is none of them."""
    return tuple(sorted({path.stem for folder in (BUILT_IN, own) for path in folder.glob("*.mjml")} - {"correction"}))


def template_of(design: str, own: Path) -> str:
    """The file of a design. Raises UserError with the nearest name for one that nobody has."""
    known = designs(own)
    if design in known:
        return f"{design}.mjml"
    raise UserError(
        f"There is no design called {design!r}.{did_you_mean(design, known)}",
        next_step=f"Known: {', '.join(known)}; one of your own is templates/{design}.mjml.",
    )


def theme(own: Path) -> dict[str, dict[str, str]]:
    """Colours and fonts by table; the author's theme.toml need name only what differs.

    Values lose what would be escaped, or would end a rule, inside a style sheet; names of fonts need no quotes there.
    Raises RenderFault for a theme that is not TOML, or has something else than tables.
    """
    ours = _toml("theme.toml", BUILT_IN)
    hers = _over(ours, _toml("theme.toml", own), "theme.toml")
    return {
        table: {key: re.sub(r"[\"'<>&;{}\\]", "", str(value)) for key, value in (values | hers[table]).items()}
        for table, values in ours.items()
    }


def words(language: str, own: Path) -> dict[str, Any]:
    """The furniture's words in `language`, English where a language or a word is missing, and the `locale` of dates.

    The author's file of a language need name only what differs. Raises RenderFault for one that can't be read.
    """
    name = f"words/{language.lower().split('-')[0]}.toml"
    folders = (BUILT_IN, own)
    known = any((folder / name).is_file() for folder in folders)
    found: dict[str, Any] = {"locale": language if known else "en"}
    for file in dict.fromkeys(("words/en.toml", name)):
        for folder in folders:
            found = _over(found, _toml(file, folder), file) if (folder / file).is_file() else found
    return found


def _over(ours: Mapping[str, Any], hers: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Values in the place of others. Raises RenderFault for one of another kind than the one that it stands for."""
    for key in ours.keys() & hers.keys():
        if type(ours[key]) is not type(hers[key]):
            kind = f"a table, begun with [{key}]" if isinstance(ours[key], dict) else f'words in quotes: {key} = "…"'
            raise RenderFault(f"{key} is {kind}.", where=f"templates/{name}")
    return {**ours, **hers}


def day(local: datetime, words: Mapping[str, Any]) -> str:
    """A local date as people write it in the furniture's language; `date` among the words sets a pattern of one's own.

    Patterns are those of Unicode (https://unicode.org/reports/tr35/tr35-dates.html), as in "d MMMM y".
    """
    from babel.dates import format_date

    return format_date(local.date(), words.get("date") or "long", locale=_locale(words))


def moment(local: datetime, words: Mapping[str, Any]) -> str:
    """A local date with its time, as people write it in the furniture's language."""
    from babel.dates import format_time

    return f"{day(local, words)}, {format_time(local.timetz(), 'short', locale=_locale(words))}"


def direction(words: Mapping[str, Any]) -> Literal["ltr", "rtl"]:
    """Which way the furniture's language runs."""
    return "rtl" if _locale(words).text_direction == "rtl" else "ltr"


def counted(number: int, forms: Mapping[str, str], words: Mapping[str, Any]) -> str:
    """How many, in the furniture's language: `forms` by CLDR's categories (one, two, few, many, other), {n} in them.

    The categories of each language: https://www.unicode.org/cldr/charts/latest/supplemental/language_plural_rules.html
    """
    form = forms.get(_locale(words).plural_form(number)) or forms["other"]
    return form.format(n=number)


def _locale(words: Mapping[str, Any]) -> Any:
    from babel.core import Locale, UnknownLocaleError

    try:
        return Locale.parse(str(words["locale"]).replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en")


def sha(own: Path) -> str:
    """A hash over every file of the look, so that a changed template renders drafts anew."""
    whole = hashlib.sha256()
    for folder in (BUILT_IN, own):
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            name = path.relative_to(folder)
            if name.parts[0] != "project":
                whole.update(str(name).encode() + b"\0" + path.read_bytes() + b"\0")
    return whole.hexdigest()


def check(own: Path) -> None:
    """Read every template of the author's own. Raises RenderFault for the first that is wrong."""
    environment = _environment(own)
    for path in sorted(own.rglob("*")):
        name = path.relative_to(own).as_posix()
        if name.startswith("project/"):
            continue
        try:
            if path.suffix in (".mjml", ".html", ".txt", ".css"):
                environment.get_template(name)
            elif path.suffix == ".toml":
                _toml(name, own)
        except RenderFault:
            raise
        except Exception as fault:  # noqa: BLE001 - as above
            raise _fault(fault, name) from None


def starter(name: str, **values: Any) -> str:
    """A file of a new project; what is known already stands in it as TOML strings, whose escapes JSON shares."""
    quoted = partial(json.dumps, ensure_ascii=False)
    return fill(f"project/{name}", BUILT_IN, {"quoted": quoted, **values}) + "\n"


@lru_cache(maxsize=8)
def _environment(own: Path) -> SandboxedEnvironment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    return SandboxedEnvironment(
        loader=_loader(own),
        autoescape=lambda name: name is None or not name.endswith((".txt", ".toml", ".css")),
        undefined=StrictUndefined,
        finalize=_finalized,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _loader(own: Path) -> FileSystemLoader:
    """A file that the author adds while the program runs takes the place of ours at once."""
    from jinja2 import Environment, FileSystemLoader

    class Loader(FileSystemLoader):
        def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
            text, file, unchanged = super().get_source(environment, template)
            ours = not Path(file).is_relative_to(own)
            for line, words in markup.faults(text) if template.endswith(".mjml") and not ours else ():
                raise RenderFault(f"The template is wrong: {words}", where=f"templates/{template}:{line}")
            return text, file, lambda: unchanged() and not (ours and (own / template).is_file())

    return Loader([own, BUILT_IN], encoding="utf-8-sig")


def _finalized(value: Any) -> Any:
    """Whatever a template writes holds only what XML may; Markup stays Markup."""
    return type(value)(legal(value)) if isinstance(value, str) else value


def _toml(name: str, own: Path) -> Mapping[str, Any]:
    return _read(name, own, files.stamp(_place(name, own)))


@lru_cache(maxsize=64)
def _read(name: str, own: Path, _stamp: object) -> Mapping[str, Any]:
    """Read again only when the file has changed: a thousand picks ask for the same words."""
    try:
        return _parsed(source(name, own)).copy()
    except (ValueError, RecursionError) as fault:
        raise RenderFault(f"This is not valid TOML: {fault}.", where=f"templates/{name}") from None


@lru_cache(maxsize=32)
def _parsed(text: str) -> dict[str, Any]:
    """Kept, as each of a thousand posts may ask for the same words."""
    return tomllib.loads(text)


def _fault(fault: Exception, name: str) -> RenderFault:
    """Where in which template: Jinja tells syntax faults itself; of others the traceback knows the line."""
    file, line = getattr(fault, "name", None) or name, getattr(fault, "lineno", None)
    trace = fault.__traceback__
    while trace is not None and line is None:
        code = trace.tb_frame.f_code
        if code.co_name == "top-level template code" or code.co_filename.endswith((".mjml", ".html", ".txt", ".css")):
            file, found = Path(code.co_filename).name, trace.tb_lineno
            line = found if trace.tb_next is None or "jinja2" in trace.tb_next.tb_frame.f_code.co_filename else None
        trace = trace.tb_next
    words = str(fault).rstrip(".") or type(fault).__name__
    return RenderFault(f"The template is wrong: {words}.", where=f"templates/{file}" + (f":{line}" if line else ""))
