"""What an author does, in her words, on the rooms themselves."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from pipeline import compose, deliver, review, run
from pipeline.feedback import readers
from pipeline.model import Account, IssueNumber, Report, Standing
from pipeline.store import ledger
from tests.world import World

ONE = IssueNumber(1)


def subscribe(world: World, *addresses: str) -> None:
    with world.project() as project:
        for address in addresses:
            readers.add(project.store, address, name=None, consent="told me so", now=world.now)


def pull(world: World) -> Report:
    with world.project() as project:
        return run.walk(project, "pull", "clean", "books")


def write_for_years(world: World) -> None:
    """So many posts that the oldest one, "Worries at Bedtime", is in no feed any more."""
    world.blog.window = 200
    for at in range(120):
        world.blog.publish(f"day-{at}", f"Day {at}", world.now - timedelta(hours=1 + at))
    world.blog.publish("worries", "Worries at Bedtime", world.now - timedelta(days=30))


def build_now(world: World) -> Report:
    with world.project() as project:
        slot = compose.at_once(world.now).key
        report = run.walk(project, "clean", "books")
        report += run.perform(project, "compose", lambda: [slot])
        return report + run.walk(project, "pictures", "links", "render", "syndicate")


def approve(world: World, number: IssueNumber = ONE) -> str:
    with world.project() as project:
        run.walk(project, "render")
        yes = review.approve(number, project.store, project.settings.review, by="Lisa", now=world.now)
        return yes.sha


def approve_another(world: World, number: IssueNumber) -> None:
    """A day later there is another post, and she says yes to an issue of it."""
    world.pass_time(days=1)
    world.blog.publish(f"more-{number}", f"More {number}", world.now - timedelta(hours=1))
    pull(world)
    build_now(world)
    approve(world, number)


def send(world: World, number: IssueNumber = ONE) -> Report:
    with world.project() as project:
        section = project.settings.deliver
        deliver.ask(number, project.store, section, world.now)
        return run.perform(project, "deliver", lambda: deliver.due(project.store, section, world.now, number))


def wait_for_an_answer(world: World) -> None:
    """The approved issue's only batch: no answer came for it, and it is about to go again by itself."""
    with world.project() as project:
        run.perform(project, "deliver", lambda: ["freeze/1"])
        with project.store.writing() as tx:
            (batch,) = ledger.in_state(tx, "pending")
            ledger.park(tx, batch, "nobody knows", world.now)
            ledger.reopen(tx, batch, "sent again")


def cron(world: World) -> Report:
    with world.project() as project:
        return run.walk(project)


def account(world: World, number: IssueNumber = ONE) -> Account | None:
    with world.project() as project:
        return deliver.account(number, project.store)


def standings(world: World) -> dict[str, Standing]:
    """How each post stands, by its title."""
    with world.project() as project:
        known = compose.outlines(project.store, project.settings.compose, world.now)
    return {post.article.title: standing for post, standing in known}


def folder(world: World, number: int = 1) -> Path:
    (found,) = (world.folder / "outbox/issues").glob(f"{number}-*")
    return found


def mails(world: World, number: int = 1) -> list[EmailMessage]:
    paths = sorted((world.folder / f"outbox/mail/{number}").glob("*.eml"))
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]
