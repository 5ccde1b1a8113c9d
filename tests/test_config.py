import re
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

from pipeline import config, installed
from pipeline.errors import SettingsError

GOOD = """\
[newsletter]
title = "Kind Words"
url = "https://blog.example.org/"
from = "Lisa <letters@example.org>"

[[source]]
url = "https://blog.example.org/feed/"
"""


def project(folder: Path, text: str) -> Path:
    (folder / "sources").mkdir(exist_ok=True)
    (folder / "sources/newsletter.toml").write_text(text, "utf-8")
    return folder


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        config.load(project(folder, text), {})
    assert caught.value.exit_code == 2
    return str(caught.value).splitlines()


def test_four_lines_are_enough_and_the_rest_has_sensible_defaults(tmp_path: Path) -> None:
    settings = config.load(project(tmp_path, GOOD), {})
    assert settings.newsletter.title == "Kind Words"
    assert settings.delivery.provider == "outbox"
    assert settings.review.approval == "required"
    assert settings.schedule.settle.total_seconds() == 1800
    assert settings.newsletter.home == "https://blog.example.org/"


def test_every_fault_is_named_at_once_with_file_and_line(tmp_path: Path) -> None:
    text = GOOD.replace("title =", "tittle =") + '[schedule]\ncadence = "weakly"\nat = "9.00"\nmax_posts = "six"\n'
    found = faults(tmp_path, text)
    assert found[0] == "sources/newsletter.toml:1: newsletter.title is missing; it is required."
    assert found[1].startswith(
        "sources/newsletter.toml:2: tittle is not a setting of [newsletter]. Did you mean title?"
    )
    assert 'sources/newsletter.toml:9: schedule.cadence can\'t be "weakly". Did you mean weekly?' in found[2]
    assert "Allowed: each, daily, weekly, monthly." in found[2]
    assert found[3].startswith("sources/newsletter.toml:10: schedule.at")
    assert found[4].startswith("sources/newsletter.toml:11: schedule.max_posts")


@pytest.mark.parametrize("value", ["9" * 5000, "0x" + "f" * 5000, "[" * 5000, "{a = " * 3000])
def test_a_value_that_no_file_has_by_intent_is_told_in_plain_words(tmp_path: Path, value: str) -> None:
    (said,) = faults(tmp_path, f"{GOOD}limit = {value}\n")
    assert said.startswith("sources/newsletter.toml: This can't be read. Look for")


def test_a_misspelt_time_zone_gets_the_nearest_real_one(tmp_path: Path) -> None:
    text = GOOD.replace("[[source]]", 'timezone = "Europe/Berln"\n\n[[source]]')
    assert "did you mean Europe/Berlin?" in faults(tmp_path, text)[0]


def test_a_missing_quote_is_named_with_its_line(tmp_path: Path) -> None:
    found = faults(tmp_path, GOOD.replace('"Kind Words"', '"Kind Words'))
    assert found[0].startswith("sources/newsletter.toml:2: This is not valid TOML")


@pytest.mark.parametrize(
    ("right", "wrong", "advice"),
    [
        ('"Kind Words"', '"Kind Words', "with the quote that it began with"),
        ('"Kind Words"', "Kind Words", 'needs quotes, and so do times and days: title = "…"'),
        ('"Kind Words"', "“Kind Words”", "straight quotes"),
        ('"Kind Words"', '"Kind "true" Words"', 'a quote inside of it is written \\"'),
        ('"Kind Words"', "'Nora's Words'", "with the quote that it began with"),
        ('"Kind Words"', '"C:\\Users\\nora"', "A backslash has a meaning of its own"),
        ('"Kind Words"', '"Kind Words",', "Nothing stands behind a value"),
        ("title =", "title:", "with = between them"),
        ("title =", "the title =", "has no space in it"),
        ("title =", "\N{NO-BREAK SPACE}title =", "is a space that is none"),
        ("title =", 'title = "Twice"\ntitle =', "title stands twice in its section"),
        ("[newsletter]", "[newsletter", "[name], or [[name]]"),
        ("[[source]]", "[[source]", "[name], or [[name]]"),
        ('/"\nfrom', '/"\nevergreen = True\nfrom', "true or false, in small letters"),
        ('feed/"', 'feed/"\ninclude = ["Sleep" "School"]', 'A list is ["one", "two"]'),
        ("[[source]]", "[source]\n[[source]]", "[[source]] stands with single brackets further up"),
        ("[[source]]", "[newsletter]\n[[source]]", "[newsletter] stands in the file twice"),
    ],
)
def test_a_line_that_is_not_toml_is_told_with_what_to_write(
    tmp_path: Path, right: str, wrong: str, advice: str
) -> None:
    (found,) = faults(tmp_path, GOOD.replace(right, wrong))
    assert re.match(r"sources/newsletter\.toml:\d+: This is not valid TOML\. ", found)
    assert advice in found


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('[schedule]\nmin_posts = "2"\n', "expected a whole number."),
        ('[books]\ncovers = "no"\n', "expected true or false, without quotes."),
        ('[feedback]\ndkim_selectors = "mail"\n', 'expected a list in brackets, ["one", "two"].'),
        ('[fetch]\nresolver = "dns.example"\n', 'expected something like "127.0.0.1:5353".'),
        ('[feedback.imap]\nhost = "imap.example.org"\n', "feedback.imap.user is missing; it is required."),
        ("[log]\nfile = 5\n", "log.file can't be 5: expected text in quotes."),
        (
            "[books.affiliate]\nbookshop = 12345\n",
            ":9: books.affiliate.bookshop can't be 12345: expected text in quotes.",
        ),
        ('[[source]]\nurl = ""\n', ':9: source.url can\'t be "": expected something between the quotes.'),
        ("[delivery]\nprovider = { host = 1 }\n", ":9: delivery.provider can't be"),
        (
            '[fetch]\nallow_private_hosts = ["http://127.0.0.1:8123/"]\n',
            'expected hosts like "127.0.0.1:8123", without http:// and path.',
        ),
        (
            '[store]\nurl = "mysql://me:s3cret@db/x"\n',
            ":9: store.url: the state is kept in a SQLite file or in PostgreSQL",
        ),
        ("[books]\nmin_posts = 2\n", "It belongs below [schedule]."),
        ('[delivery]\nhost = "mail.example.org"\n', "stands below its own [delivery.NAME], as [delivery.smtp]."),
        ('[delivery]\nreply_to = "a@example.org"\n', "It belongs below [newsletter]."),
        ('[smtp]\nhost = "mail.example.org"\n', "It is written [delivery.smtp]. Known:"),
        ("[listmonk]\nlists = [1]\n", "It is written [delivery.listmonk]. Known:"),
        ('[feedback.postmark]\nstream = "x"\n', "It is written [delivery.postmark]. Known:"),
        ('[imap]\nhost = "imap.example.org"\n', "It is written [feedback.imap]. Known:"),
        ('[delivery.imap]\nhost = "imap.example.org"\n', "It is written [feedback.imap]. Known:"),
        ('[store]\nname = "paperround_queue"\n', ':9: store.name can\'t be "paperround_queue"'),
        ('[store]\nname = "pg_letters"\n', ':9: store.name can\'t be "pg_letters"'),
        ('[affiliate]\nbookshop = "1"\n', "It is written [books.affiliate]. Known:"),
        ('[readers]\ntrusted_proxies = ["!!"]\n', ":9: readers.trusted_proxies can't be "),
        ('[readers]\ntrusted_proxies = ["10.0.0.1/8"]\n', 'addresses of machines, like "127.0.0.1" or "10.0.0.0/8".'),
        ("[delivery.schedule]\nmin_posts = 2\n", "It is written [schedule]. Known:"),
        ('[delivery.source]\nurl = "https://b.example/"\n', "It is written [[source]]. Known:"),
    ],
)
def test_a_value_that_can_not_be_is_told_in_plain_words(tmp_path: Path, more: str, said: str) -> None:
    (found,) = faults(tmp_path, GOOD + more)
    assert said in found


@pytest.mark.parametrize("title", ["", " ", "\t"])
def test_a_title_of_blanks_is_none(tmp_path: Path, title: str) -> None:
    (found,) = faults(tmp_path, GOOD.replace('"Kind Words"', f'"{title}"'))
    assert found.endswith(f'toml:2: newsletter.title can\'t be "{title}": expected something like "Kind Words".')


@pytest.mark.parametrize("more", ["?page=1", "#top", "news/?"])
def test_the_public_address_is_one_that_others_can_be_put_behind(tmp_path: Path, more: str) -> None:
    url = f"https://news.example.org/{more}"
    (found,) = faults(tmp_path, GOOD.replace("[[source]]", f'public_url = "{url}"\n\n[[source]]'))
    said = 'expected a web address without ? and #, like "https://news.example.org/".'
    assert found.endswith(f'toml:6: newsletter.public_url can\'t be "{url}": {said}')


@pytest.mark.parametrize("more", ["", "?lang=de", "#top", "?next=/a/#top"])
def test_without_a_public_address_links_begin_at_the_blog_s_whatever_it_asks_for(tmp_path: Path, more: str) -> None:
    assert GOOD.count('url = "https://blog.example.org/"') == 1
    text = GOOD.replace('url = "https://blog.example.org/"', f'url = "https://blog.example.org/de/{more}"')
    made = config.load(project(tmp_path, text), {})
    assert made.newsletter.home == "https://blog.example.org/de/"
    assert made.newsletter.url == f"https://blog.example.org/de/{more}"


@pytest.mark.parametrize("given", ["192.0.2.1", "10.0.0.0/8", "2001:db8::/32", "*"])
def test_trusted_proxies_are_addresses_or_nets_of_them(tmp_path: Path, given: str) -> None:
    made = config.load(project(tmp_path, GOOD + f'[readers]\ntrusted_proxies = ["{given}"]\n'), {})
    assert made.readers.trusted_proxies == (given,)


def test_a_stranger_s_provider_may_be_called_as_a_setting_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        installed, "brought", lambda _: EntryPoints(EntryPoint(name, "a", "b") for name in ("mail", "acme"))
    )
    project(tmp_path, GOOD + '[delivery]\nprovider = "mail"\n[delivery.mail]\nhost = "mail.example.org"\n')
    assert config.load(tmp_path, {}).provider_tables["mail"] == {"host": "mail.example.org"}
    (found,) = faults(tmp_path, GOOD + '[delivery]\nprovider = "acme"\n[acme]\nx = 1\n')
    assert "It is written [delivery.acme]. Known:" in found


def test_a_language_is_a_code_so_that_no_name_of_one_is_taken_for_english(tmp_path: Path) -> None:
    (found,) = faults(tmp_path, GOOD.replace("[[source]]", 'language = "deutsch"\n\n[[source]]'))
    assert found.endswith('newsletter.language can\'t be "deutsch": expected something like "en".')


def test_sources_in_single_brackets_are_told_what_to_write(tmp_path: Path) -> None:
    (found,) = faults(tmp_path, GOOD.replace("[[source]]", "[source]"))
    assert found == "sources/newsletter.toml:6: [source] must be written [[source]], as there may be several."


def test_a_file_that_windows_marked_as_utf_8_is_read(tmp_path: Path) -> None:
    project(tmp_path, "\ufeff" + GOOD.replace("\n", "\r\n"))
    (tmp_path / ".env").write_text("\ufeffPAPERROUND_SMTP_PASSWORD=s3cret\n", "utf-8")
    (tmp_path / ".env").chmod(0o600)
    settings = config.load(tmp_path, {})
    assert settings.newsletter.title == "Kind Words"
    assert settings.secrets == {"PAPERROUND_SMTP_PASSWORD": "s3cret"}


def test_secrets_in_another_encoding_say_how_to_save_them(tmp_path: Path) -> None:
    project(tmp_path, GOOD)
    (tmp_path / ".env").write_text("PAPERROUND_SMTP_PASSWORD=s3cret\n", "utf-16")
    (tmp_path / ".env").chmod(0o600)
    with pytest.raises(SettingsError, match=r"\.env: The file is not UTF-8 text"):
        config.load(tmp_path, {})


def test_the_second_source_is_told_from_the_first(tmp_path: Path) -> None:
    found = faults(tmp_path, GOOD + '\n[[source]]\nurl = "https://two.example.org/"\nlimit = 0\n')
    assert found[0].startswith("sources/newsletter.toml:11: source.limit can't be 0")


def test_two_sources_of_one_name_are_refused(tmp_path: Path) -> None:
    found = faults(tmp_path, GOOD + '\n[[source]]\nurl = "https://blog.example.org/feed/"\n')
    assert "Two sources are called 'blog.example.org'" in found[0]
    assert found[0].startswith("sources/newsletter.toml:9:")


def test_no_source_at_all_says_what_to_write(tmp_path: Path) -> None:
    assert "[[source]]" in faults(tmp_path, GOOD.split("[[source]]", maxsplit=1)[0])[0]


def test_the_project_is_found_from_a_folder_inside_it(tmp_path: Path) -> None:
    inside = project(tmp_path, GOOD) / "outbox/issues"
    inside.mkdir(parents=True)
    assert config.find(inside) == tmp_path


def test_no_project_anywhere_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="paperround init"):
        config.find(tmp_path)


def test_provider_settings_are_kept_for_the_provider_to_read(tmp_path: Path) -> None:
    text = GOOD + '[delivery]\nprovider = "smtp"\n[delivery.smtp]\nhost = "mail.example.org"\n'
    settings = config.load(project(tmp_path, text), {"PAPERROUND_SMTP_PASSWORD": "s3cret", "HOME": "/"})
    assert settings.deliver.tables == {"smtp": {"host": "mail.example.org"}}
    assert settings.deliver.secrets == {"PAPERROUND_SMTP_PASSWORD": "s3cret"}


def test_a_secret_is_never_shown(tmp_path: Path) -> None:
    settings = config.load(project(tmp_path, GOOD), {"PAPERROUND_SMTP_PASSWORD": "s3cret"})
    assert "s3cret" not in repr(settings)
    assert "s3cret" not in repr(settings.deliver)


def test_secrets_that_others_can_read_are_refused(tmp_path: Path) -> None:
    folder = project(tmp_path, GOOD)
    (folder / ".env").write_text("PAPERROUND_SMTP_PASSWORD=s3cret\n")
    (folder / ".env").chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        config.load(folder, {})
    (folder / ".env").chmod(0o600)
    assert config.load(folder, {}).secrets == {"PAPERROUND_SMTP_PASSWORD": "s3cret"}


@pytest.mark.parametrize(
    "value",
    [
        "lisa",
        "Lisa <lisa>",
        "a@example.org, b@example.org",
        "Lisa <a@b.org>\\nBcc: x@y.org",
        "Jörg <jörg@example.org>",
        "lisa@mac.local",
        "lisa@example..org",
    ],
)
def test_the_sender_must_be_one_address_that_mail_can_go_to(tmp_path: Path, value: str) -> None:
    found = faults(tmp_path, GOOD.replace("Lisa <letters@example.org>", value))
    assert "newsletter.from" in found[0]


@pytest.mark.parametrize(
    ("cadence", "day", "said"),
    [
        ("weekly", "15", "a day of a month"),
        ("weekly", "second tuesday", "a day of a month"),
        ("monthly", "32", "expected a day like"),
        ("monthly", "second teusday", "did you mean tuesday?"),
        ("monthly", "", "expected a day like"),
    ],
)
def test_a_day_that_the_cadence_can_not_have_is_named_with_its_line(
    tmp_path: Path, cadence: str, day: str, said: str
) -> None:
    (found, *_) = faults(tmp_path, f'{GOOD}[schedule]\ncadence = "{cadence}"\nday = "{day}"\n')
    assert found.startswith("sources/newsletter.toml:10: schedule.day")
    assert said in found
