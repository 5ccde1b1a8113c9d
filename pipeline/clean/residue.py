"""What blog software leaves around an article: each rule says where it may cut, and cuts nowhere else.

Removing text is dangerous. A rule acts on an element's own class or id, or on a whole short block that says nothing
but a known phrase; never on a sentence of the author's that happens to hold such words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.clean import tree
from pipeline.model import Removed


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule by class or id (`names`), or by the whole text of a short block (`says`).

    `yes` and `no` are HTML: in `yes` the rule removes something, in `no` nothing. They are its tests.
    """

    name: str
    names: re.Pattern[str] | None = None
    says: re.Pattern[str] | None = None
    yes: str
    no: str


def _names(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<=[\s_-])(?:{pattern})(?=[\s_-])")


def _says(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"^(?:{pattern})\W*$", re.IGNORECASE)


RULES = (
    Rule(
        name="share bar",
        names=_names(
            r"sharedaddy|sd-sharing\S*|jp-relatedposts-share|addtoany\S*|a2a_kit|share-?(?:bar|buttons?|links|this|icons|box|post)"
            r"|social-?(?:share|sharing|links|icons|buttons|bar|media)\S*|sharing(?:-buttons)?|heateor\S*|ssba\S*|mashsb\S*"
            r"|essb\S*|swp_social_panel|wp-block-social-links|post-?share\S*|entry-?share|likebtn\S*|jetpack-likes-widget\S*"
        ),
        yes='<div class="sharedaddy sd-sharing-enabled"><h3>Share this:</h3><ul><li>Tweet</li></ul></div>',
        no='<p class="share-your-toys">Share your toys, we say, and then we do not share ours.</p>',
    ),
    Rule(
        name="share line",
        says=_says(
            r"(?:share|like|tweet|pin|email|print) this(?: post| page| article| on.{0,20})?:?|like loading\.*|share:"
        ),
        yes="<h3>Share this:</h3>",
        no="<p>Share this with a child you love, and watch what happens next.</p>",
    ),
    Rule(
        name="appeared first",
        says=_says(
            r"the (?:post|article)\b.{1,300}\b(?:appeared first on|first appeared on|erschien zuerst auf)\b.{1,200}"
        ),
        yes='<p>The post <a href="/a">A Day</a> appeared first on <a href="/">Lisa</a>.</p>',
        no="<p>The Tale of Peter Rabbit appeared first in a small private edition.</p>",
    ),
    Rule(
        name="akismet",
        names=_names(r"akismet\S*"),
        yes='<p class="akismet_comment_form_privacy_notice">This site uses Akismet to reduce spam.</p>',
        no="<p>We wrote to the spam filter's makers.</p>",
    ),
    Rule(
        name="comments",
        names=_names(
            r"comments?|comments?-(?:area|list|form|respond|wrap\S*|section|title|link)|commentlist|respond|comment-respond"
            r"|disqus_thread|fb-comments|reply-title|no-comments|leave-a-reply|post-comments"
        ),
        yes='<div id="comments"><h3>Leave a Reply</h3><form><textarea></textarea></form></div>',
        no='<p class="commented-edition">Her comments on the drawings were kind.</p>',
    ),
    Rule(
        name="comment form's words",
        says=_says(
            r"leave a (?:reply|comment)(?: cancel reply)?|your email address will not be published\..{0,60}"
            r"|required fields are marked.{0,4}|this site uses akismet to reduce spam\..{0,80}"
            r"|learn how your comment data is processed"
            r"|post navigation|comments are closed|\d+ comments?|no comments(?: yet)?"
        ),
        yes="<p>Your email address will not be published. Required fields are marked *</p>",
        no="<p>Leave a comment below your child's drawing, and let her answer it with a line of her own.</p>",
    ),
    Rule(
        name="related posts",
        names=_names(
            r"jp-relatedposts\S*|related(?:-?(?:posts?|articles|content|stories|reading))\S*|yarpp\S*|you-?may-?(?:also-?)?like"
            r"|more-?(?:posts|stories|articles|from)|recommended-?posts?|crp_related|outbrain|taboola\S*|read-?next|up-?next"
            r"|read_also|wp-block-latest-posts|recent-posts"
        ),
        yes='<div class="related-posts"><h3>You may also like</h3><a href="/b">B</a></div>',
        no='<p class="related">Two related questions come up again and again.</p>',
    ),
    Rule(
        name="related line",
        says=_says(
            r"(?:related(?: posts?| articles?)?|you (?:may|might) also (?:like|enjoy)|more from .{1,60}|see also):?"
        ),
        yes="<h2>More from Lisa's Blog</h2>",
        no="<p>You might also like to know that the dog is well.</p>",
    ),
    Rule(
        name="newsletter box",
        names=_names(
            r"(?:newsletter|subscri(?:be|ption)|sign-?up|mailing-?list|opt-?in|mc_embed_signup|mc4wp|convertkit|ck_form"
            r"|mailerlite|jetpack_subscription_widget|tnp|wpforms|hustle|elementor-form|subscription-widget)"
            r"(?:-?(?:form|box|widget|signup|block|wrap\S*|container|section|area|cta|inline|show))?\S*"
        ),
        yes='<div class="newsletter-signup"><p>Get my letters!</p><form><input></form></div>',
        no='<p class="signal">The newsletter of the school arrived in her bag.</p>',
    ),
    Rule(
        name="author box",
        names=_names(
            r"author-?(?:box|bio|info|card|block|description|profile)\S*|about-?author|abh_box\S*|saboxplugin\S*|post-author"
        ),
        yes='<div class="author-box"><p>Lisa is a therapist.</p></div>',
        no='<p class="authored">The author Beatrix Potter kept mice.</p>',
    ),
    Rule(
        name="navigation",
        names=_names(
            r"nav-?links?|post-?nav(?:igation)?|entry-?nav|breadcrumbs?|pagination|page-links|navigation|menu|site-header"
            r"|site-footer|sidebar|widget-area|skip-link|screen-reader-text|prev-next|table-of-contents|ez-toc-container"
        ),
        yes='<div class="post-navigation"><a href="/b">Next</a></div>',
        no='<p class="menuhin">He played the violin, and there was soup on the menu.</p>',
    ),
    Rule(
        name="entry's particulars",
        names=_names(
            r"entry-?(?:meta|footer|utility|tags|categories)|post-?(?:meta|tags|categories|info|date|footer)|posted-on|byline|tags-links"
            r"|cat-links|edit-link|post-edit-link|reading-?time|wp-block-post-(?:date|author|terms|title)|jp-post-flair"
        ),
        yes='<div class="entry-meta">Posted on May 1 by Lisa</div>',
        no='<p class="metamorphosis">The caterpillar is posted on the wall.</p>',
    ),
    Rule(
        name="cookie notice",
        names=_names(r"cookie-?(?:notice|consent|banner|law|bar)\S*|cli-\S+|gdpr\S*|cmplz\S*|moove\S*"),
        yes='<div class="cookie-notice">We use cookies. OK?</div>',
        no='<p class="cookies">We baked cookies with the children.</p>',
    ),
    Rule(
        name="advertisement",
        names=_names(r"ads?|adsbygoogle|advert\S*|ad-(?:container|slot|unit|wrap\S*)|sponsored-box|google-auto-placed"),
        yes='<div class="adsbygoogle">Buy!</div>',
        no='<p class="adopted">They adopted a cat.</p>',
    ),
    Rule(
        name="read more",
        says=_says(
            r"(?:(?:read|see|view) (?:more|on|the (?:full|whole) (?:post|article|story))(?: here)?"
            r"|weiterlesen|lire la suite|leer más)|(?:continue|keep) reading\b.{0,100}|\[\s*(?:…|\.\.\.)\s*\]"
        ),
        yes='<p><a href="/a">Continue reading →</a></p>',
        no="<p>Read more books than you own, my grandmother used to say. The library stood across the street from her "
        "house, and she went there every day, with me on her hand and her own books in a net.</p>",
    ),
    Rule(
        name="jump link",
        says=_says(r"(?:skip to (?:content|main content)|back to top|jump to .{1,40}|table of contents)"),
        yes="<p>Skip to content</p>",
        no="<p>Back to top marks: nobody ever got them.</p>",
    ),
    Rule(
        name="leftover shortcode",
        says=_says(
            r"(?:\s*\[/?(?:gallery|embed|sc_\w+|vc_\w+|et_pb_\w+|contact-form\S*|mc4wp_form|wpforms|et_\w+)[^\]]{0,300}\])+"
        ),
        yes='<p>[gallery ids="1,2,3"]</p>',
        no="<p>[She laughs.] The gallery was closed.</p>",
    ),
)

BLOCKS = (
    "p",
    "div",
    "section",
    "aside",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "li",
    "span",
    "footer",
    "header",
    "a",
    "nav",
)
_SHORT = 400
_NEVER = (
    "script", "style", "form", "input", "textarea", "select", "button", "svg", "canvas", "object", "applet", "noscript",
    "template", "nav", "dialog", "math", "map", "audio", "link", "meta", "title", "base", "frame", "frameset", "head",
)  # fmt: skip
_TOO_MUCH = 0.6
"""A rule by class never takes more than this share of the words: then the class means something else here."""


def remove(root: tree.Element) -> list[Removed]:
    """Cut residue out of the tree, and say what went and by which rule."""
    return [Removed(rule=rule, words=words[:80]) for rule, words in taken(root) if words]


def taken(root: tree.Element) -> list[tuple[str, str]]:
    """Cut residue out of the tree; pairs of a rule's name and all the words it took."""
    removed = [_cut(element, "not an article's part") for element in tree.elements(root, *_NEVER)]
    whole = max(len(tree.words(root)), 1)
    for element in tree.elements(root):
        if element.getparent() is None or element.tag in ("html", "body", "main", "article"):
            continue
        rule = _hit(element, whole)
        if rule is not None and root in element.iterancestors():
            removed.append(_cut(element, rule.name))
    return removed


def _hit(element: tree.Element, whole: int) -> Rule | None:
    names, text = tree.names(element), None
    for rule in RULES:
        if rule.names is not None:
            if names.strip() and rule.names.search(names) and len(tree.words(element)) <= _TOO_MUCH * whole:
                return rule
        elif rule.says is not None and element.tag in BLOCKS:
            text = tree.words(element) if text is None else text
            if 0 < len(text) <= _SHORT and rule.says.match(text) and not _has_picture(element):
                return rule
    return None


def _has_picture(element: tree.Element) -> bool:
    return next(element.iter("img", "iframe", "video"), None) is not None


def _cut(element: tree.Element, rule: str) -> tuple[str, str]:
    said = tree.words(element)
    tree.drop(element)
    return rule, said
