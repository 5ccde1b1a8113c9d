"""An approved issue is handed over: merged by the provider, as whole bodies, over SMTP; and to very many readers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench import project
from tests.bench.row import NO_TARGET, Kind, Plan, Row, Target, Turn
from tests.bench.servers import Server, serving
from tests.bench.tools import HERE
from tests.bench.words import readers_file

STAGE = "send"
SECRETS = "".join(f"PAPERROUND_{name}_TOKEN=of-the-bench\n" for name in ("MAILGUN", "SENDGRID", "POSTMARK", "RESEND"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A provider, for how many readers (peers and limit for at most `beside`), and its peers: who, and in send.py."""

    provider: str
    work: str
    sizes: Mapping[str, Sequence[int]]
    beside: int
    peers: Sequence[tuple[str, str]]
    targets: Mapping[int, Target] = field(default_factory=dict)


# In the tests of the bench a provider of each kind will do.
MERGED = {"full": (10_000, 100_000), "quick": (1000, 10_000), "tiny": ()}
VERY_MANY = {"full": (10_000, 100_000, 1_000_000), "quick": (1000, 10_000, 100_000), "tiny": (12,)}
WHOLE = {"full": (1000, 10_000), "quick": (100, 1000), "tiny": (12,)}
QUICKLY = {10_000: Target(seconds=0.25, times_limit=1.5), 100_000: Target(seconds=1.5, times_limit=1.5)}
NEAR = {10_000: Target(times_limit=1.5)}
WAYS = (
    Way(
        provider="mailgun", work="merged by Mailgun", sizes=VERY_MANY, beside=100_000, targets=QUICKLY,
        peers=(("django-anymail", "anymail-mailgun"), ("mailgun (PyPI)", "mailgun"), ("mailgun.js (npm)", "mailgun.js")),
    ),
    Way(
        provider="sendgrid", work="merged by SendGrid", sizes=MERGED, beside=100_000, targets=QUICKLY,
        peers=(("django-anymail", "anymail-sendgrid"), ("sendgrid (PyPI)", "sendgrid")),
    ),
    Way(
        provider="postmark", work="whole bodies to Postmark", sizes=WHOLE, beside=10_000, targets=NEAR,
        peers=(("django-anymail, a template", "anymail-postmark"), ("postmarker (PyPI)", "postmark")),
    ),
    Way(
        provider="resend", work="whole bodies to Resend", sizes={**WHOLE, "tiny": ()}, beside=10_000, targets=NEAR,
        peers=(("django-anymail", "anymail-resend"), ("resend (PyPI)", "resend")),
    ),
    Way(
        provider="smtp", work="SMTP", sizes=WHOLE, beside=10_000, targets={10_000: Target(seconds=3.0)},
        peers=(("smtplib", "smtplib"), ("aiosmtplib, 10 at once", "aiosmtplib"), ("django-post-office", "post-office")),
    ),
)  # fmt: skip


def rows(plan: Plan) -> Iterator[Row]:
    with serving("post") as server:
        issue = project.issue(plan)
        for way in WAYS:
            sizes = way.sizes[plan.scale]
            for size in sizes:
                yield ours(plan, server, way, size)
                if size <= way.beside:
                    blast = str(HERE / "limits/blast.py")
                    command = plan.tools.ours_python(blast, way.provider, *given(plan, server, issue, size))
                    yield row(server, way, size, "bare sockets, one fsynced row a batch", "limit", (command, ""))
                if plan.peers and size == min(way.beside, max(sizes)):
                    yield from beside(plan, server, way, size, issue)


def beside(plan: Plan, server: Server, way: Way, size: int, issue: Path) -> Iterator[Row]:
    """The peers."""
    where, words = HERE / "peers", given(plan, server, issue, size)
    for who, name in way.peers:
        if name.endswith(".js"):
            packages = str(plan.tools.packages())
            found = plan.tools.node(str(where / "send.cjs"), packages, *words)
        else:
            found = plan.tools.python("mail", str(where / "send.py"), name, *words)
        yield row(server, way, size, who, "peer", found)


def given(plan: Plan, server: Server, issue: Path, size: int) -> list[str]:
    """What send.py and blast.py are told after the name."""
    file = readers_file(plan.folder / f"readers-{size}-links.csv", size, "email", "name", "link")
    return [str(file), str(issue), *map(str, server.ports)]


def ours(plan: Plan, server: Server, way: Way, size: int) -> Row:
    def make(folder: Path) -> None:
        project.copied(plan, f"readers-{size}", lambda empty: with_readers(plan, empty, size))(folder)
        table = f'base_url = "{server.url}"\n' + ('domain = "mg.example.org"\n' if way.provider == "mailgun" else "")
        if way.provider == "smtp":
            table = f'host = "127.0.0.1"\nport = {server.ports[1]}\nsecurity = "none"\n'
        with (folder / "sources/newsletter.toml").open("a", encoding="utf-8") as file:
            file.write(f'\n[delivery]\nprovider = "{way.provider}"\n[delivery.{way.provider}]\n{table}')
        (folder / ".env").touch(0o600)
        (folder / ".env").write_text(SECRETS, "ascii")
        project.done(plan, folder, "build", "--now")
        project.done(plan, folder, "approve", "1")

    fill = project.copied(plan, f"{way.provider}-{size}", make)
    start = Turn(name="start", command=plan.tools.ours("--quiet", "status"))
    send = hand_over(server, size, plan.tools.ours("--quiet", "send", "1"), way.targets.get(size, NO_TARGET))
    return Row(
        stage=STAGE, work=spoken(way, size), size=size, who="paperround send", kind="ours", turns=[start, send],
        lay_out=fill, servers=[server.pid], series=way.provider,
    )  # fmt: skip


def with_readers(plan: Plan, folder: Path, size: int) -> None:
    project.ordinary(plan, folder)
    file = readers_file(plan.folder / f"readers-{size}.csv", size, "email", "name")
    project.done(plan, folder, "subscribers", "import", str(file))


def row(server: Server, way: Way, size: int, who: str, kind: Kind, found: tuple[Sequence[str], str]) -> Row:
    command, missing = found
    return Row(
        stage=STAGE, work=spoken(way, size), size=size, who=who, kind=kind, turns=[hand_over(server, size, command)],
        missing=missing, servers=[server.pid],
    )  # fmt: skip


def hand_over(server: Server, size: int, command: Sequence[str], target: Target = NO_TARGET) -> Turn:
    """Each reader must have been handed over exactly once."""

    def fault(folder: Path, said: str) -> str:
        count = server.ask("/_count")
        exact = count["readers"] == count["copies"] == size
        return "" if exact else f"{count['readers']} of {size} readers were handed over, in {count['copies']} copies"

    return Turn(command=command, before=lambda folder: server.ask("/_count"), fault=fault, target=target)


def spoken(way: Way, size: int) -> str:
    return f"{way.work}, {size:,} readers"
