"""What stands between the pages and the Internet."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.journeys import steps
from tests.public.site import FORM, ONE_CLICK, up, words
from tests.world import World


@pytest.fixture
def published(world: World) -> World:
    steps.pull(world)
    steps.build_now(world)
    return world


def test_the_static_site_is_served_with_etags(published: World) -> None:
    with up(published) as site:
        page = site.client.get("/")
        assert page.status_code == 200
        assert "Worries at Bedtime" in page.text
        again = site.client.get("/", headers={"if-none-match": page.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        head = site.client.head("/rss.xml")
        assert (head.status_code, head.content) == (200, b"")
        assert int(head.headers["content-length"]) > 500


def test_a_folder_without_its_slash_leads_to_the_same_host_and_path(published: World) -> None:
    with up(published) as site:
        answer = site.client.get("/issues/1-worries-at-bedtime", headers={"host": "evil.example.com"})
        assert answer.is_redirect
        assert answer.headers["location"] == "1-worries-at-bedtime/"


@pytest.mark.parametrize(
    "path",
    ["/.hidden", "/issues/.x.tmp", "/../paperround.sqlite3", "/%2e%2e/paperround.sqlite3", "/..%2fpaperround.sqlite3"],
)
def test_what_is_not_of_the_site_is_not_served(published: World, path: str) -> None:
    public = published.folder / "outbox/public"
    (public / ".hidden").write_text("secret")
    (public / "issues/.x.tmp").write_text("half a file")
    with up(published) as site:
        assert site.client.get(path).status_code == 404


def test_an_unknown_page_says_so_in_the_newsletter_s_words(published: World) -> None:
    published.set("[[source]]", 'language = "de"\n\n[[source]]')
    with up(published) as site:
        answer = site.client.get("/nothing-here")
        assert answer.status_code == 404
        assert "Diese Seite gibt es nicht" in words(answer.text)
        assert '<html lang="de"' in answer.text


@pytest.mark.parametrize("path", ["/", "/unsubscribe/test", "/nothing", "/rss.xml"])
def test_every_answer_carries_what_keeps_browsers_safe(published: World, path: str) -> None:
    with up(published) as site:
        headers = site.client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "referrer-policy" in headers


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/rss.xml", "(application|text)/xml"),
        ("/atom.xml", "(application|text)/xml"),
        ("/feed.json", "application/feed[+]json"),
        ("/feeds.opml", "text/x-opml"),
        ("/issues/", "text/html"),
    ],
)
def test_reader_apps_are_told_what_each_feed_is(published: World, path: str, kind: str) -> None:
    with up(published) as site:
        assert re.fullmatch(f"{kind}(; charset=utf-8)?", site.client.get(path).headers["content-type"])


def test_a_page_with_a_reader_s_token_is_kept_by_nobody(published: World) -> None:
    with up(published) as site:
        headers = site.client.get("/unsubscribe/test").headers
    assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert "noindex" in headers["x-robots-tag"]
    assert "script" not in headers["content-security-policy"]


def test_a_form_of_a_megabyte_is_not_read(published: World) -> None:
    with up(published) as site:
        answer = site.client.post("/unsubscribe/test", content=b"a=" + b"b" * (1 << 20), headers=FORM)
        assert answer.status_code == 413
        assert "too much" in words(answer.text)


def test_a_thousand_fields_or_a_file_are_no_form_of_ours(published: World) -> None:
    with up(published) as site:
        many = "&".join(f"a{number}=b" for number in range(1000))
        assert site.client.post("/unsubscribe/test", content=many, headers=FORM).status_code == 400
        assert site.client.post("/unsubscribe/test", files={"a": ("a.txt", b"x")}).status_code == 400


@pytest.mark.parametrize("charset", ["undefined", "punycode"])
def test_a_form_that_is_in_no_letters_at_all_is_none_and_no_fault_of_ours(published: World, charset: str) -> None:
    with up(published) as site:
        kind = {"content-type": f"multipart/form-data; boundary=x; charset={charset}"}
        field = b'--x\r\ncontent-disposition: form-data; name="email"\r\n\r\n+2AA-\\ud800\r\n--x--\r\n'
        assert site.client.post("/subscribe", content=field, headers=kind).status_code == 400


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(published: World, method: str) -> None:
    with up(published) as site:
        assert site.client.request(method, "/unsubscribe/test").status_code == 405
        assert site.client.request(method, "/").status_code == 405


@pytest.mark.parametrize("before", ["", "/letters"])
def test_a_proxy_may_cut_the_path_of_the_site_off_or_leave_it(published: World, before: str) -> None:
    published.set('public_url = "https://news.example.org/"', 'public_url = "https://example.org/letters/"')
    with up(published) as site:
        assert site.client.get(f"{before}/unsubscribe/test").status_code == 200
        assert site.client.get(f"{before}/rss.xml").status_code == 200
        assert site.client.get(f"{before}/").status_code == 200


def test_links_of_old_mails_work_whatever_path_the_site_had_then(published: World) -> None:
    (published.folder / "outbox/public/pictures").mkdir(exist_ok=True)
    (published.folder / "outbox/public/pictures/a.png").write_bytes(b"picture")
    with up(published) as site:
        for path in ("unsubscribe/test", "issues/1-worries-at-bedtime/", "pictures/a.png", "rss.xml", "subscribe"):
            assert site.client.get(f"/my/letters/{path}").status_code == 200, path
        left = site.client.post("/letters/unsubscribe/test", content=ONE_CLICK, headers=FORM)
        assert left.status_code == 200
        for path in ("/letters/", "/letters/index.html", "/letters/issues/2-other/", "/issues/subscribe"):
            assert site.client.get(path).status_code == 404, path


@pytest.mark.parametrize("before", ["/" + "a" * 300, "/a%00b", "/a%0d%0ab", "/a" * 2000, "/a//b"])
def test_what_no_site_ever_had_as_its_path_leads_nowhere(published: World, before: str) -> None:
    with up(published) as site:
        assert site.client.get(f"{before}/unsubscribe/test").status_code == 404


def test_a_fault_of_ours_is_an_apology_without_its_cause(published: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.feedback import leave

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr(leave, "whose", broken)
    with up(published) as site:
        site.client._transport.raise_server_exceptions = False  # type: ignore[attr-defined]
        answer = site.client.get("/unsubscribe/" + "a" * 43)
    assert answer.status_code == 503
    assert "hunter2" not in answer.text
    assert answer.headers["retry-after"] == "120"


def test_a_site_not_yet_built_is_a_page_not_found(world: World, tmp_path: Path) -> None:
    with up(world) as site:
        assert site.client.get("/").status_code == 404
