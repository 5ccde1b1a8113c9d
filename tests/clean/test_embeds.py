"""What plays on a page is a picture or a line in a mail; pictures have real addresses, or go."""

from __future__ import annotations

import pytest

from pipeline.clean import embeds, images, residue, tree
from pipeline.model import Picture

BASE = "https://blog.example.org/a-day/"
PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACH5"


def turned(html: str) -> str:
    root = tree.parse(f"<div>{html}</div>")
    images.unveil(root)
    embeds.turn(root, BASE)
    residue.remove(root)
    images.settle(root, BASE)
    return tree.inner(root.find(".//div"))


def test_a_youtube_film_is_its_picture_with_a_title_and_a_link() -> None:
    html = turned('<p>Before</p><iframe src="https://www.youtube.com/embed/abc123def45?rel=0" title="A talk"></iframe>')
    assert html.startswith("<p>Before</p><figure>")
    assert '<img src="https://i.ytimg.com/vi/abc123def45/hqdefault.jpg" alt="A talk" width="480" height="360"/>' in html
    assert '<a href="https://www.youtube.com/watch?v=abc123def45">▶ A talk (YouTube)</a>' in html


@pytest.mark.parametrize(
    ("player", "leads", "said"),
    [
        ('<iframe src="//player.vimeo.com/video/12345?h=1"></iframe>', "https://vimeo.com/12345", "▶ Watch on Vimeo"),
        (
            '<iframe src="https://open.spotify.com/embed/episode/4rOoJ6Eg" title="Spotify Embed: Ep 1"></iframe>',
            "https://open.spotify.com/episode/4rOoJ6Eg",
            "▶ Spotify Embed: Ep 1 (Spotify)",
        ),
        (
            '<iframe src="https://w.soundcloud.com/player/?url=https%3A//api.soundcloud.com/tracks/1&color=f"></iframe>',
            "https://api.soundcloud.com/tracks/1",
            "▶ Listen on SoundCloud",
        ),
        ('<audio src="/a.mp3" controls></audio>', "https://blog.example.org/a.mp3", "▶ Listen at blog.example.org"),
        (
            '<video controls><source src="https://x.example/film.mp4"></video>',
            "https://x.example/film.mp4",
            "▶ Watch at x.example",
        ),
        (
            '<iframe class="wp-embedded-content" title="“Another day” — Ann" src="https://ann.example/b/embed/"></iframe>',
            "https://ann.example/b/",
            "▶ “Another day” — Ann (ann.example)",
        ),
        (
            """<blockquote class="instagram-media" data-instgrm-permalink="https://www.instagram.com/p/Cx1/?utm=1">
            <p>View this post on Instagram</p><p>A post shared by Lisa (@lisa)</p></blockquote>""",
            "https://www.instagram.com/p/Cx1/",
            "▶ A post by Lisa (@lisa) (Instagram)",
        ),
        (
            '<iframe data-src="https://www.dailymotion.com/embed/video/x8abc" src="about:blank"></iframe>',
            "https://www.dailymotion.com/video/x8abc",
            "▶ Watch on Dailymotion",
        ),
        ('<object><embed src="https://www.youtube.com/v/abc123def45"></object>', "watch?v=abc123def45", "▶ Watch on YouTube"),
        ("<p>https://youtu.be/abc123def45</p>", "https://www.youtube.com/watch?v=abc123def45", "▶ Watch on YouTube"),
        ('<iframe src="https://player.simplecast.com/x1"></iframe>', "https://player.simplecast.com/x1", "▶ Listen at"),
    ],
)  # fmt: skip
def test_a_player_becomes_a_line_that_leads_to_what_it_played(player: str, leads: str, said: str) -> None:
    html = turned(f"<p>Before</p>{player}<p>After</p>")
    assert leads in html
    assert said in html
    assert html.startswith("<p>Before</p>")
    assert html.endswith("<p>After</p>")
    assert "iframe" not in html


@pytest.mark.parametrize(
    "address",
    [
        "https://www.facebook.com/plugins/like.php?href=x",
        "https://platform.twitter.com/widgets/follow_button.html",
        "https://www.googletagmanager.com/ns.html?id=1",
        "https://rcm-na.amazon-adsystem.com/e/cm?o=1",
    ],
)
def test_buttons_and_counters_in_frames_go(address: str) -> None:
    assert turned(f'<p>Before</p><iframe src="{address}"></iframe>') == "<p>Before</p>"


def test_the_author_s_caption_stays_under_her_film() -> None:
    html = turned(
        '<figure><div><iframe src="https://www.youtube.com/embed/abc123def45"></iframe></div>'
        "<figcaption>Fred sings about feelings</figcaption></figure><p>After</p>"
    )
    assert html.count("<figure>") == 1
    assert "<figcaption>Fred sings about feelings</figcaption>" in html
    assert html.endswith("<p>After</p>")


def test_a_tweet_stays_a_quote_with_its_link() -> None:
    html = turned(
        '<blockquote class="twitter-tweet"><p>So kind!</p>— Ann <a href="https://twitter.com/a/status/1">May 1</a></blockquote>'
    )
    assert "So kind!" in html
    assert "https://twitter.com/a/status/1" in html


def test_an_address_inside_a_sentence_is_left_alone() -> None:
    assert (
        turned("<p>See https://youtu.be/abc123def45 some day</p>") == "<p>See https://youtu.be/abc123def45 some day</p>"
    )


def test_a_formula_is_kept_as_text() -> None:
    assert "a^2" in turned('<p>So <math alttext="a^2"><msup><mi>a</mi><mn>2</mn></msup></math> it is.</p>')


# Pictures


@pytest.mark.parametrize(
    ("given", "made"),
    [
        (f'<img src="{PIXEL}" data-src="/a.jpg" alt="A">', '<img src="https://blog.example.org/a.jpg" alt="A"/>'),
        (f'<img src="{PIXEL}"><noscript><img src="/a.jpg" alt="A"></noscript>', '<img src="https://blog.example.org/a.jpg" alt="A"/>'),
        (f'<img src="{PIXEL}" data-src="/a.jpg"><noscript><img src="/a.jpg"></noscript>', '<img src="https://blog.example.org/a.jpg" alt=""/>'),
        ('<img src="/a-300x200.jpg">', '<img src="https://blog.example.org/a-300x200.jpg" alt="" width="300" height="200"/>'),
        ('<img src="/a.jpg" width="80%" height="40px">', '<img src="https://blog.example.org/a.jpg" alt="" height="40"/>'),
        ('<img src="/a.jpg" srcset="/b.jpg 2x, /a.jpg 1x">', '<img src="https://blog.example.org/b.jpg" alt=""/>'),
        ('<img src="/a.jpg" title="A dog">', '<img src="https://blog.example.org/a.jpg" alt="A dog"/>'),
        ('<picture><source srcset="/a.webp"><source srcset="/a.jpg"><img alt="A"></picture>', '<img src="https://blog.example.org/a.jpg" alt="A"/>'),
    ],
)  # fmt: skip
def test_a_picture_gets_its_real_address_size_and_words(given: str, made: str) -> None:
    assert turned(given) == made


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/a.jpg",
        "http://192.168.1.20/a.jpg",
        "http://[::1]/a.jpg",
        "http://nas.local/a.jpg",
        "http://localhost/a.jpg",
        "https://ann:secret@x.example/a.jpg",
        "file:///home/ann/a.jpg",
        "cid:a",
        PIXEL,
        "https://pixel.wp.com/b.gif?v=1",
        "https://feeds.feedburner.com/~r/blog/~4/x",
        "https://blog.example.org/wp-content/facebook-icon.png",
    ],
)
def test_a_picture_that_readers_could_not_see_or_that_only_counts_them_goes(address: str) -> None:
    assert turned(f'<p>Before</p><img src="{address}">') == "<p>Before</p>"


@pytest.mark.parametrize(
    ("smiley", "said"),
    [
        ('<img src="https://s.w.org/images/core/emoji/13.0.1/72x72/1f642.png" alt="🙂" class="wp-smiley">', "🙂"),
        ('<img src="https://s.w.org/images/core/emoji/13.0.1/72x72/1f642.png" alt=":)">', "🙂"),
        ('<img src="/wp-includes/images/smilies/icon_wink.gif" alt=";)" class="wp-smiley">', ";)"),
    ],
)
def test_a_smiley_is_a_character_again(smiley: str, said: str) -> None:
    assert turned(f"<p>Hello {smiley} you</p>") == f"<p>Hello {said} you</p>"


def test_the_blog_s_own_featured_picture_leads_before_those_in_the_text() -> None:
    root = tree.parse('<p>x</p><img src="https://blog.example.org/in.jpg">')
    given = Picture(url="https://blog.example.org/featured.jpg", alt="A", width=800, height=600)
    assert images.lead(root, given, (), BASE) == given
    assert images.lead(root, None, (), BASE) == Picture(url="https://blog.example.org/in.jpg")


@pytest.mark.parametrize(
    "poor", ["https://feeds.feedburner.com/~ff/x.gif", "https://x.example/logo.svg", "http://10.0.0.1/a.png"]
)
def test_a_counter_a_drawing_or_a_private_picture_never_leads(poor: str) -> None:
    root = tree.parse("<p>x</p>")
    good = "https://x.example/good.jpg"
    assert images.lead(root, Picture(url=poor), (poor, good), BASE) == Picture(url=good)


def test_a_recording_is_called_as_its_page_calls_it_and_its_clock_goes() -> None:
    made = turned(
        '<div class="a-audio-card"><audio src="/song.mp3"></audio><div class="a-audio-title">A song, sung</div><div>'
        '<span class="a-audio-current-time">0:00</span><div class="a-audio-time">/<span>83.2</span></div></div></div>'
        "<p>It is short.</p>"
    )
    assert '<a href="https://blog.example.org/song.mp3">▶ A song, sung (blog.example.org)</a>' in made
    assert tree.words(tree.parse(made)) == "▶ A song, sung (blog.example.org)It is short."


def test_a_film_whose_picture_lies_behind_a_spacer_has_that_picture() -> None:
    made = turned(
        '<video src="/dance.mp4" poster="https://img.example.net/v1/640x360/spacer.png" '
        "style=\"background: transparent url('/dance.jpg') 50% 50% / cover\"></video>"
    )
    assert 'src="https://blog.example.org/dance.jpg"' in made
    assert "spacer" not in made
    assert "<img" not in turned('<video src="/dance.mp4" poster="/spacer.gif"></video>')
