"""Issues of many kinds, as real newsletters have them, for whoever looks at how they come out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from pipeline.config import RenderSettings
from pipeline.model import Event, Issue, Item, Picture, PostId
from tests.render.issues import issue, pick, post, settings

DESIGNS = ("digest", "letter", "pictures")
LANGUAGES = ("en", "de", "fr", "es", "ar")

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "title": "The Kindness Jar",
        "body": "A child who is kind on Tuesday may well be a dragon on Wednesday.",
        "question": "Which small kindness do you still remember?",
        "reason": "Because this post speaks of kindness.",
        "alt": "A jam jar full of paper slips",
        "intro": "It has been a long week, and here is a short letter.",
    },
    "de": {
        "title": "Das Freundlichkeitsglas",
        "body": "Wer am Dienstag freundlich ist, kann am Mittwoch trotzdem ein Drache sein.",
        "question": "An welche kleine Geste denken Sie noch heute?",
        "reason": "Weil es hier um Freundlichkeit geht.",
        "alt": "Ein Marmeladenglas voller Zettel",
        "intro": "Die Woche war lang, und dieser Brief ist kurz.",
    },
    "fr": {
        "title": "Le bocal des gentillesses",
        "body": "Un enfant gentil le mardi peut très bien être un dragon le mercredi.",
        "question": "De quelle petite attention vous souvenez-vous encore ?",
        "reason": "Parce qu’il est question de gentillesse.",
        "alt": "Un bocal rempli de petits papiers",
        "intro": "La semaine a été longue, cette lettre est courte.",
    },
    "es": {
        "title": "El frasco de la amabilidad",
        "body": "Quien es amable el martes puede ser un dragón el miércoles.",
        "question": "¿Qué pequeño gesto recuerdas todavía?",
        "reason": "Porque aquí se habla de la amabilidad.",
        "alt": "Un frasco lleno de papelitos",
        "intro": "La semana fue larga y esta carta es corta.",
    },
    "ar": {
        "title": "برطمان اللطف",
        "body": "قد يكون الطفل لطيفًا يوم الثلاثاء وتنينًا صغيرًا يوم الأربعاء.",
        "question": "أي لفتة صغيرة ما زلت تذكرها؟",
        "reason": "لأن هذه التدوينة تتحدث عن اللطف.",
        "alt": "برطمان مليء بقصاصات الورق",
        "intro": "كان أسبوعًا طويلًا، وهذه رسالة قصيرة.",
    },
}


def specimens(design: str, language: str = "en") -> dict[str, tuple[Issue, RenderSettings]]:
    """Issues by what is special about them, with settings that fit."""
    known = settings(design=design, language=language)
    lead, other, third = (item(language, number) for number in (1, 2, 3))
    books = (
        pick("Ein Buch", affiliate=("email", "web"), illustrator="E. B. Lewis"),
        pick("Un libro", note=None, ages=None),
    )
    bare = replace(other.post.article, lead_image=None, question=None, authors=())
    long = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2
    made = {
        "everything": issue(
            replace(lead, picks=spoken(books, language)),
            replace(other, form="excerpt", picks=spoken(books, language)),
            replace(third, form="excerpt"),
            intro=WORDS[language]["intro"],
            events=events(language),
            related=(other.post, third.post),
            **said(language),
        ),
        "one short post": issue(
            replace(lead, post=replace(lead.post, article=bare), form="excerpt"), related=(), **said(language)
        ),
        "long words": issue(
            replace(lead, post=replace(lead.post, article=replace(lead.post.article, title=long, excerpt=long))),
            replace(other, form="excerpt", post=replace(other.post, article=replace(bare, title=long, excerpt=long))),
            **said(language),
        ),
        "twelve posts": issue(
            *(replace(item(language, at), form="full" if at == 1 else "excerpt") for at in range(1, 13)),
            **said(language),
        ),
    }
    return {name: (one, known) for name, one in made.items()}


def said(language: str) -> dict[str, Any]:
    """What an issue says of itself."""
    words = WORDS[language]
    return {"title": words["title"], "subject": words["title"], "preheader": words["body"]}


def item(language: str, number: int) -> Item:
    """A whole post in a language, with everything that a post may hold."""
    words = WORDS[language]
    html = (
        f"<p>{words['body']}</p>"
        f'<figure><img src="https://blog.example.org/jar.jpg" alt="{words["alt"]}" width="1200" height="800"/>'
        f"<figcaption>{words['alt']}</figcaption></figure>"
        f"<h2>{words['title']}</h2><ul><li>{words['body']}</li><li>{words['body']}</li></ul>"
        f"<h3>{words['title']}</h3><ol><li>{words['body']}</li></ol>"
        f"<blockquote><p>{words['body']}</p></blockquote><pre>{words['body']}</pre>"
        f"<table><tr><th>{words['title']}</th><th>{words['alt']}</th></tr><tr><td>1</td><td>2</td></tr></table>"
        f'<p><a href="https://blog.example.org/more/">{words["question"]}</a></p>'
        # A linked picture without a description: what half of all blogs have.
        '<p><a href="https://blog.example.org/large/"><img src="https://blog.example.org/b.jpg" alt=""/></a></p>'
    )
    made = post(
        number,
        url=f"https://blog.example.org/{number}/",
        title=f"{words['title']} {number}",
        html=html,
        text=words["body"],
        excerpt=words["body"],
        question=words["question"] if number == 1 else None,
        authors=("Lisa Müller",),
        language=language,
        direction="rtl" if language == "ar" else "ltr",
        lead_image=Picture(
            url=f"https://blog.example.org/{number}.jpg", alt=words["alt"] if number % 2 else "", width=1600, height=900
        ),
    )
    return Item(post=replace(made, id=PostId(number)), form="full", picks=())


def spoken(books: tuple[Any, ...], language: str) -> tuple[Any, ...]:
    """Picks whose reasons and notes are in the reader's language."""
    words = WORDS[language]
    noted = [
        replace(one, book=replace(one.book, note=words["body"] if one.book.note else None), reason=words["reason"])
        for one in books
    ]
    return tuple(noted)


def events(language: str) -> tuple[Event, ...]:
    """An evening with a link and a day without."""
    words = WORDS[language]
    return (
        Event(
            title=words["title"],
            starts=datetime(2026, 12, 4, 18, tzinfo=UTC),
            ends=None,
            whole_day=False,
            place="Köln",
            url="https://blog.example.org/evening/",
            note=words["intro"],
        ),
        Event(
            title=words["alt"],
            starts=datetime(2026, 12, 6, tzinfo=UTC),
            ends=None,
            whole_day=True,
            place=None,
            url=None,
            note=None,
        ),
    )
