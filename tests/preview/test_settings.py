"""The author changes her settings by a form; her file stays hers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest

from pipeline import config
from pipeline.preview.pages.settings import MEANINGS
from pipeline.preview.written import difference
from tests.preview.author import ORIGIN, Author, at_her_page, words
from tests.world import World


@pytest.fixture
def author(world: World) -> Iterator[Author]:
    """Lisa at her page; her file has comments of her own."""
    world.set('[schedule]\ncadence = "each"', '# Never on Mondays!\n[schedule]\ncadence = "each"     # for now')
    with at_her_page(world) as lisa:
        yield lisa


def fields(page: str) -> dict[str, str]:
    """The form as a browser would send it back."""
    found = {
        name: unescape(value) for name, value in re.findall(r'<input[^>]* name="([\w.]+)"[^>]* value="([^"]*)"', page)
    }
    for name, options in re.findall(r'<select[^>]* name="([\w.]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'<option(?: value="([^"]*)")? selected>([^<]*)', options)
        found[name] = (chosen[1] or chosen[2]) if chosen else ""
    return found


def send(author: Author, address: str, filled: dict[str, str], *, status: int = 200) -> str:
    data = {**filled, "csrf": author.door.csrf}
    answer = author.client.post(address, data=data, headers={"origin": ORIGIN})
    assert answer.status_code == status, answer.text
    return answer.text


def file(world: World) -> str:
    return (world.folder / config.FILE).read_text("utf-8")


def test_a_change_is_shown_then_written_and_comments_stay(author: Author, world: World) -> None:
    before = file(world)
    filled = fields(author.look("/settings")) | {"schedule.cadence": "weekly", "newsletter.title": "Kinder Words"}
    page = send(author, "/settings/look", filled)
    assert file(world) == before
    assert re.search(r'<li class="added">.*title = &#34;Kinder Words&#34;', page)
    send(author, "/settings/write", fields(page))
    wanted = before.replace('cadence = "each"', 'cadence = "weekly"').replace('"Kind Words"', '"Kinder Words"')
    assert file(world) == wanted
    assert "Kinder Words" in author.reads("/settings")


def test_what_was_not_touched_is_not_written(author: Author, world: World) -> None:
    assert "Nothing has changed" in words(send(author, "/settings/look", fields(author.look("/settings"))))
    filled = fields(author.look("/settings"))
    assert filled["schedule.min_posts"] == ""


def test_a_wrong_value_is_told_beside_its_field_with_the_line_and_nothing_is_written(
    author: Author, world: World
) -> None:
    before = file(world)
    filled = fields(author.look("/settings")) | {"schedule.at": "noon", "newsletter.timezone": "Europa/Berlin"}
    for address in ("/settings/look", "/settings/write"):
        page = send(author, address, filled, status=400)
        assert re.search(r'id="schedule.at-wrong">sources/newsletter.toml:\d+: schedule.at can', page)
        assert re.search(r'id="newsletter.timezone-wrong">[^<]*Europe/Berlin', page)
        assert 'value="noon"' in page
    assert file(world) == before


def test_what_is_wrong_with_a_source_is_told_beside_that_source(author: Author) -> None:
    whole = fields(author.look("/settings")) | {"source.1.url": "https://blog.example.org/feed/"}
    page = send(author, "/settings/look", whole | {"source.1.name": whole["source.0.name"] or "blog"}, status=400)
    assert re.search(r'id="source.1.name-wrong">[^<]*Two sources are called', page)
    page = send(author, "/settings/look", whole | {"source.0.url": "", "source.1.name": "two"}, status=400)
    assert re.search(r'id="source.0.url-wrong">[^<]*source.url is missing', page)
    assert 'id="source.1.url-wrong"' not in page


def test_a_required_field_left_empty_and_an_unknown_provider_are_refused(author: Author) -> None:
    whole = fields(author.look("/settings"))
    page = send(author, "/settings/look", whole | {"newsletter.title": ""}, status=400)
    assert "newsletter.title is missing; it is required." in words(page)
    page = send(author, "/settings/look", whole | {"delivery.provider": "pigeon"}, status=400)
    assert "pigeon" in words(page)


def test_what_a_choice_means_stands_beside_its_word(author: Author) -> None:
    page = author.look("/settings")
    unknown = ["As usual (hold: waits for your word)", "hold: waits for your word"]
    assert choices(page, "delivery.on_unknown") == [*unknown, "resend: goes again; somebody may get it twice"]
    for name, meanings in MEANINGS.items():
        assert set(meanings) <= {said.partition(":")[0] for said in choices(page, name)}


def choices(page: str, name: str) -> list[str]:
    found = re.search(rf'<select[^>]* name="{re.escape(name)}".*?</select>', page, re.DOTALL)
    assert found, name
    return re.findall(r"<option[^>]*>([^<]*)", found[0])


def test_providers_kinds_of_source_and_designs_are_chosen_from_those_there_are(author: Author, world: World) -> None:
    (world.folder / "templates").mkdir(exist_ok=True)
    (world.folder / "templates/birthday.mjml").write_text("<mjml></mjml>")
    page = author.look("/settings")
    assert {"As usual (outbox: nobody; files on this machine)", "postmark", "smtp"} < set(
        choices(page, "delivery.provider")
    )
    assert choices(page, "newsletter.design") == ["As usual (digest)", "birthday", "digest", "letter", "pictures"]
    for at in (0, 1):
        assert {"As usual (auto)", "feed", "markdown"} < set(choices(page, f"source.{at}.kind"))
    send(author, "/settings/write", fields(page) | {"newsletter.design": "letter", "source.0.kind": "feed"})
    settings = config.load(world.folder, {})
    assert (settings.newsletter.design, settings.sources[0].kind) == ("letter", "feed")


def test_a_choice_in_the_file_that_is_not_there_any_more_stays(author: Author, world: World) -> None:
    world.set('title = "Kind Words"', 'title = "Kind Words"\ndesign = "lost"')
    page = author.look("/settings")
    assert choices(page, "newsletter.design")[-1] == "lost"
    assert fields(page)["newsletter.design"] == "lost"
    assert "Nothing has changed" in words(send(author, "/settings/look", fields(page)))


def test_a_setting_is_taken_out_and_a_source_comes_in(author: Author, world: World) -> None:
    filled = fields(author.look("/settings"))
    filled |= {"newsletter.reply_to": "", "source.1.url": "https://other.example.org/feed/", "source.1.name": "Other"}
    send(author, "/settings/write", filled)
    assert "reply_to" not in file(world)
    settings = config.load(world.folder, {})
    assert [source.name for source in settings.sources] == ["blog", "Other"]
    assert "# Never on Mondays!" in file(world)


def test_a_file_that_changed_meanwhile_is_not_overwritten(author: Author, world: World) -> None:
    filled = fields(author.look("/settings")) | {"newsletter.title": "Mine"}
    world.set('"Kind Words"', '"Theirs"')
    assert "has changed meanwhile" in words(send(author, "/settings/write", filled, status=409))
    assert '"Theirs"' in file(world)


def test_what_she_is_looking_at_is_not_taken_away_by_a_change_elsewhere(author: Author) -> None:
    filled = fields(author.look("/settings")) | {"schedule.at": "noon"}
    assert "seen=" not in send(author, "/settings/look", filled, status=400)
    assert "seen=" not in send(author, "/settings/look", filled | {"schedule.at": "12:00"})
    assert "Settings" in author.reads("/settings/look")


def test_a_broken_file_is_told_with_its_line(author: Author, world: World) -> None:
    world.set('cadence = "each"', 'cadence = "echo"')
    said = author.reads("/settings")
    assert "schedule.cadence can't be" in said
    world.set("[schedule]", "[schedule")
    assert "This is not valid TOML" in author.reads("/settings")


def test_secrets_are_never_shown(author: Author, world: World) -> None:
    path = world.folder / config.FILE
    path.write_text(
        file(world)
        + '\n[store]\nurl = "postgresql://lisa:hunter2@db.example.org/x"\n[delivery.postmark]\ntoken = "hunter3"\n',
        "utf-8",
    )
    page = author.look("/settings")
    assert "hunter" not in page
    shown = difference('token = "hunter3"\na = 1', 'token = "hunter3"\na = 2\nurl = "postgresql://lisa:hunter2@db/x"')
    assert "hunter" not in str(shown)
    assert "lisa:•••@db" in str(shown)


def test_a_file_that_windows_marked_as_utf_8_is_changed_like_any_other(author: Author, world: World) -> None:
    (world.folder / config.FILE).write_text(file(world), "utf-8-sig")
    filled = fields(author.look("/settings")) | {"newsletter.title": "Kinder Words"}
    send(author, "/settings/write", fields(send(author, "/settings/look", filled)))
    assert 'title = "Kinder Words"' in file(world)
