"""Templates: the author's own first, and every fault with its file and line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline import looks, markup
from pipeline.errors import RenderFault


@pytest.fixture
def own(tmp_path: Path) -> Path:
    (tmp_path / "words").mkdir()
    return tmp_path


def test_the_authors_own_template_comes_before_the_built_in(own: Path) -> None:
    (own / "digest.txt").write_text("Mine: {{ name }}")
    assert looks.fill("digest.txt", own, {"name": "Lisa"}) == "Mine: Lisa"


def test_all_templates_that_come_with_the_program_can_be_read() -> None:
    looks.check(looks.BUILT_IN)


@pytest.mark.parametrize(
    ("name", "shown"), [("digest.mjml", "&lt;b&gt;"), ("web.html", "&lt;b&gt;"), ("digest.txt", "<b>")]
)
def test_markup_is_escaped_where_it_would_be_obeyed(own: Path, name: str, shown: str) -> None:
    (own / name).write_text("{{ title }}")
    assert looks.fill(name, own, {"title": "<b>"}) == shown


def test_what_fills_a_template_is_no_template(own: Path) -> None:
    (own / "digest.txt").write_text("{{ title }}")
    assert looks.fill("digest.txt", own, {"title": "{{ 7 * 7 }}"}) == "{{ 7 * 7 }}"


def test_a_template_reaches_nothing_but_what_it_was_given(own: Path) -> None:
    (own / "digest.txt").write_text("{{ title.__class__.__mro__ }}")
    with pytest.raises(RenderFault):
        looks.fill("digest.txt", own, {"title": "x"})


def test_the_mark_that_editors_of_windows_put_before_a_file_is_in_no_mail(own: Path) -> None:
    (own / "digest.txt").write_text("Mine", "utf-8-sig")
    (own / "digest.mjml").write_text("<mjml><mj-body></mj-body></mjml>", "utf-8-sig")
    (own / "theme.toml").write_text('[colour]\ntext = "#123456"\n', "utf-8-sig")
    (own / "words/en.toml").write_text('archive = "Older"\n', "utf-8-sig")
    assert looks.fill("digest.txt", own, {}) == "Mine"
    assert looks.fill("digest.mjml", own, {}).startswith("<mjml>")
    assert looks.source("digest.txt", own) == "Mine"
    assert looks.words("en", own)["archive"] == "Older"
    looks.theme(own)


@pytest.mark.parametrize("wrong", ["{% if %}", "{{ nobody }}", "{{ title"])
def test_a_wrong_template_is_named_with_file_and_line(own: Path, wrong: str) -> None:
    (own / "digest.txt").write_text(f"fine\n{wrong}\n")
    with pytest.raises(RenderFault) as caught:
        looks.fill("digest.txt", own, {"title": "x"})
    assert str(caught.value.where).startswith("templates/digest.txt:")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("<mj-sektion></mj-sektion>", "no part <mj-sektion>; did you mean mj-section?"),
        ('<mj-text colour="red">x</mj-text>', "<mj-text> has no attribute colour; did you mean color?"),
    ],
)
def test_a_misspelt_part_of_mjml_is_named_with_file_and_line(own: Path, wrong: str, words: str) -> None:
    (own / "spring.mjml").write_text(f"<mjml>\n{{# <mj-nothing> #}}\n<mj-body>{wrong}</mj-body></mjml>")
    with pytest.raises(RenderFault) as caught:
        looks.fill("spring.mjml", own, {})
    assert caught.value.where == "templates/spring.mjml:3"
    assert words in caught.value.what


def test_templates_that_come_with_the_program_use_what_mjml_knows() -> None:
    written = {path: list(markup.faults(path.read_text())) for path in looks.BUILT_IN.rglob("*.mjml")}
    assert len(written) > 3
    assert all(found == [] for found in written.values()), written


def test_defaults_and_what_jinja_fills_in_are_no_faults() -> None:
    fine = '<mj-attributes><mj-all font-family="x"/><mj-class name="a" color="b"/></mj-attributes>'
    assert (
        list(markup.faults(fine + '<mj-text css-class="a" color="{{ "red" if x > 1 else "blue" }}">x</mj-text>')) == []
    )


def test_check_finds_a_template_that_is_not_used_yet(own: Path) -> None:
    (own / "spring.mjml").write_text("{% for %}")
    with pytest.raises(RenderFault, match=r"spring\.mjml"):
        looks.check(own)


def test_a_language_we_do_not_speak_falls_back_to_english_word_by_word(own: Path) -> None:
    (own / "words/nl.toml").write_text('books = "Boeken bij dit bericht"')
    words = looks.words("nl-BE", own)
    assert (words["books"], words["read_on"]) == ("Boeken bij dit bericht", "Read on at the blog")
    assert looks.words("fi", own) == looks.words("en", own)


def test_an_author_changes_one_word_of_a_language_and_keeps_the_others(own: Path) -> None:
    (own / "words/de.toml").write_text('books = "Lesestoff"')
    words = looks.words("de-AT", own)
    assert (words["books"], words["unsubscribe"]) == ("Lesestoff", "Abbestellen")


@pytest.mark.parametrize("language", ["de", "fr", "es", "ar"])
def test_a_language_that_we_speak_has_every_word(own: Path, language: str) -> None:
    english, other = looks.words("en", own), looks.words(language, own)
    same = {key for key, word in english.items() if other[key] == word}
    assert same <= {"links", "feeds", "fits", "both"}


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en", "November 24, 2026"),
        ("en-GB", "24 November 2026"),
        ("de-AT", "24. November 2026"),
        ("fr", "24 novembre 2026"),
        ("es", "24 de noviembre de 2026"),
        ("ar", "24 نوفمبر 2026"),
        ("xx", "November 24, 2026"),
    ],
)
def test_dates_are_written_as_people_write_them_there(own: Path, language: str, written: str) -> None:
    assert looks.day(datetime(2026, 11, 24, tzinfo=UTC), looks.words(language, own)) == written


def test_a_pattern_of_one_s_own_goes_before_that_of_the_language(own: Path) -> None:
    (own / "words/en.toml").write_text('date = "d MMMM y"')
    assert looks.day(datetime(2026, 11, 24, tzinfo=UTC), looks.words("en", own)) == "24 November 2026"


def test_the_look_has_another_hash_when_a_file_of_it_changes(own: Path) -> None:
    before = looks.sha(own)
    assert looks.sha(own) == before
    (own / "digest.txt").write_text("Mine")
    assert looks.sha(own) != before


@pytest.mark.parametrize("name", ["newsletter.toml", "books.toml"])
def test_the_files_of_a_new_project_are_valid_toml(name: str) -> None:
    import tomllib

    tomllib.loads(looks.starter(name, found=None, timezone="Europe/Paris"))


@pytest.mark.parametrize("wrong", ["{{ 1 / 0 }}", "{{ title + 1 }}", "{% for x in range(9999999) %}{% endfor %}"])
def test_a_template_that_fails_at_work_is_named_with_file_and_line(own: Path, wrong: str) -> None:
    (own / "digest.txt").write_text(f"fine\n{wrong}\n")
    with pytest.raises(RenderFault) as caught:
        looks.fill("digest.txt", own, {"title": "x"})
    assert caught.value.where == "templates/digest.txt:2"


def test_a_theme_need_name_only_what_differs(own: Path) -> None:
    (own / "theme.toml").write_text('[light]\naccent = "#123456"\n')
    theme = looks.theme(own)
    assert theme["light"]["accent"] == "#123456"
    assert theme["light"]["ink"] == looks.theme(looks.BUILT_IN)["light"]["ink"]
    assert theme["fonts"]


@pytest.mark.parametrize(
    ("file", "written", "said"),
    [
        ("theme.toml", 'light = "red"', "light is a table, begun with [light]."),
        ("words/en.toml", "books = 7", 'books is words in quotes: books = "…".'),
        ("words/en.toml", "books = " + "9" * 5000, "This is not valid TOML"),
        ("theme.toml", "light = " + "[" * 5000, "This is not valid TOML"),
    ],
)
def test_a_value_of_another_kind_is_told_with_its_file(own: Path, file: str, written: str, said: str) -> None:
    (own / file).parent.mkdir(exist_ok=True)
    (own / file).write_text(f"{written}\n", "utf-8")
    with pytest.raises(RenderFault) as caught:
        looks.theme(own) if file == "theme.toml" else looks.words("en", own)
    assert str(caught.value).startswith(f"templates/{file}: {said}")


def test_a_theme_can_not_end_a_rule_or_a_style_sheet(own: Path) -> None:
    (own / "theme.toml").write_text('[light]\nink = "red;}</style><script>"\n')
    assert looks.theme(own)["light"]["ink"] == "red/stylescript"


def test_a_template_that_is_not_utf8_is_named(own: Path) -> None:
    (own / "theme.toml").write_bytes(b"\xff")
    with pytest.raises(RenderFault, match=r"theme\.toml"):
        looks.theme(own)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("ground", ["page", "paper", "card"])
@pytest.mark.parametrize("text", ["ink", "quiet", "accent"])
def test_every_text_can_be_read_on_every_ground(mode: str, ground: str, text: str) -> None:
    colours = looks.theme(looks.BUILT_IN)[mode]
    light, dark = sorted((_luminance(colours[ground]), _luminance(colours[text])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


@pytest.mark.parametrize(
    ("language", "number", "said"),
    [
        ("en", 1, "1 post"),
        ("en", 2, "2 posts"),
        ("de", 2, "2 Beiträge"),
        ("fr", 0, "0 article"),
        ("es", 5, "5 entradas"),
        ("ar", 1, "تدوينة واحدة"),
        ("ar", 2, "تدوينتان"),
        ("ar", 5, "5 تدوينات"),
        ("ar", 11, "11 تدوينة"),
        ("ar", 100, "100 تدوينة"),
    ],
)
def test_posts_are_counted_as_people_count_there(own: Path, language: str, number: int, said: str) -> None:
    words = looks.words(language, own)
    assert looks.counted(number, words["posts_counted"], words) == said
