"""What blog software and its plugins leave around an article, rule by rule.

Removing text is dangerous. A rule acts on an element's own class or id, or on a whole short block that says nothing
but a known phrase; never on a sentence of the author's that happens to hold such words.
"""

from __future__ import annotations

import re

import msgspec


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule by class or id (`names`), by the whole text of a short block (`says`), or by where its links lead.

    `leads` hits a block of nothing but such links. With `heads`, a list of links right after the block goes with it.
    What a rule of `labels` hits stays where it is the label of a small box that stays: it says what that is.
    `word` stands in small letters in all that `says` hits: where it does not, a pattern that walks far is not asked.
    `yes` and `no` are HTML: in `yes` the rule removes something, in `no` nothing. They are its tests.
    """

    name: str
    names: re.Pattern[str] | None = None
    says: re.Pattern[str] | None = None
    leads: re.Pattern[str] | None = None
    word: str = ""
    heads: bool = False
    labels: bool = False
    yes: str
    no: str


def _names(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<=[\s_-])(?:{pattern})(?=[\s_-])")


def _says(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"^(?:{pattern})\W*$", re.IGNORECASE)


GATE = Rule(
    name="gate for members",
    names=_names(
        r"gh-post-upgrade-cta|jetpack-subscribe-paywall|wp-block-jetpack-paywall|leaky_paywall_message"
        r"|pmpro_content_message|mepr-unauthorized-message"
    ),
    says=_says(
        r"this (?:post|article) is (?:only )?for (?:(?:our|my) )?(?:(?:paying|paid) )?(?:subscribers|members)(?: only)?"
        r"|already a (?:(?:paying|paid) )?(?:subscriber|member)\?(?: (?:sign|log) in)?"
        r"|subscribe to (?:keep|continue) reading(?: this (?:post|article))?"
    ),
    yes="<aside><h2>This post is for paying subscribers only</h2></aside>",
    no="<p>This post is for members only of the smallest of families: those with one child and three cats.</p>",
)
"""What stands in the place of the rest of an article for who is no member of the blog."""

RULES = (
    Rule(
        name="share bar",
        names=_names(
            r"sharedaddy|sd-sharing\S*|jp-relatedposts-share|addtoany\S*|a2a_kit|share-?(?:bar|buttons?|links|this"
            r"|icons|box|post)"
            r"|social-?(?:share|sharing|links|icons|buttons|bar|media)\S*|sharing(?:-buttons)?|heateor\S*|ssba\S*"
            r"|mashsb\S*"
            r"|essb\S*|swp_social_panel|wp-block-social-links|post-?share\S*|entry-?share|likebtn\S*"
            r"|jetpack-likes-widget\S*"
        ),
        yes='<div class="sharedaddy sd-sharing-enabled"><h3>Share this:</h3><ul><li>Tweet</li></ul></div>',
        no='<p class="share-your-toys">Share your toys, we say, and then we do not share ours.</p>',
    ),
    Rule(
        name="share line",
        says=_says(
            r"(?:share|like|tweet|pin|email|print) this(?: post| page| article| on.{0,20})?:?|share:?"
            r"|(?:like )?loading\.*|click to (?:share|print|email)\b.{0,60}|blogthis!?|copy link|tweet|pin it"
            r"|(?:teilen mit|gefällt mir|partager|j.aime ça|compartir(?: esto)?|me gusta(?: esto)?|condividi|mi piace"
            r"|compartilhe(?: isso)?|curtir(?: isso)?|delen|vind ik leuk|udostępnij|lubię to|поделиться(?: ссылкой)?"
            r"|共有|いいね|شارك(?: هذا الموضوع)?)\s*[:：!]"
            r"|(?:wird geladen|chargement|cargando|caricamento|carregando|laden|ładowanie|загрузка|読み込み中)"
            r"\s*(?:…|\.\.\.)"
        ),
        yes="<h3>Share this:</h3>",
        no="<p>Share this with a child you love, and watch what happens next.</p>",
    ),
    Rule(
        name="row of networks",
        says=_says(
            r"(?:(?:share|tweet|pin|print|e-?mail|facebook|twitter|linkedin|pinterest|reddit|tumblr|whatsapp|telegram"
            r"|pocket|digg|delicious|stumbleupon|mastodon|bluesky|threads|google\+?|blogthis!?|on|to|this|more)"
            r"(?:[\s|,•·/+-]+|$)){3,}"
        ),
        yes="<p>Facebook Twitter Pinterest WhatsApp</p>",
        no="<p>Facebook, Twitter and Pinterest are no places for a child of nine.</p>",
    ),
    Rule(
        name="share links",
        leads=re.compile(
            r"facebook\.com/(?:sharer?|dialog/share)|(?:twitter|x)\.com/(?:intent|share|home\?status)"
            r"|linkedin\.com/share"
            r"|pinterest\.\w+/pin/create|reddit\.com/submit|tumblr\.com/(?:share|widgets/share)|(?:wa\.me/"
            r"|whatsapp://send)\?"
            r"|api\.whatsapp\.com/send|t\.me/share|addtoany\.com|getpocket\.com/(?:save|edit)|digg\.com/submit"
            r"|del\.icio\.us/(?:post|save)|stumbleupon\.com/submit|blogger\.com/share-post"
            r"|feeds\.wordpress\.com/1\.0/go"
            r"|feeds\.feedburner\.com/~ff/|^mailto:\?",
            re.IGNORECASE,
        ),
        yes='<p><a href="https://www.facebook.com/sharer/sharer.php?u=x">Send it to a friend</a></p>',
        no='<p>She <a href="https://twitter.com/intent/tweet?text=x">told everybody</a> about it the same day.</p>',
    ),
    Rule(
        name="appeared first",
        says=_says(
            r"(?:the (?:post|article)|der (?:beitrag|artikel)|l[’' ]article|cet article|la entrada|el artículo"
            r"|o post|o artigo"
            r"|l[’']articolo|het (?:bericht|artikel)|artykuł|wpis|запись|сообщение|inlägget|indlægget"
            r"|innlegget)\b.{1,300}"
            r"\b(?:appeared first on|first appeared on|erschien zuerst (?:auf|bei)|est apparu en premier (?:sur|dans)"
            r"|(?:se publicó|aparece|apareció) primero en|apareceu primeiro em|(?:è apparso per primo"
            r"|proviene) (?:su|da\w*)"
            r"|(?:verscheen|is als) eerst\w* (?:op|verschenen op)|pojawił się (?:najpierw|po raz pierwszy) (?:na|w)"
            r"|pochodzi z serwisu|появил\w+ сначала на|dök först upp på|blev først udgivet på)\b.{1,200}"
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
            r"comments?|comments?-(?:area|list|form|respond|wrap\S*|section|title|link)|commentlist|respond"
            r"|comment-respond"
            r"|disqus_thread|fb-comments|reply-title|no-comments|leave-a-reply|post-comments"
        ),
        yes='<div id="comments"><h3>Leave a Reply</h3><form><textarea></textarea></form></div>',
        no='<p class="commented-edition">Her comments on the drawings were kind.</p>',
    ),
    Rule(
        name="comment form's words",
        says=_says(
            r"(?:leave|post|add|write) a (?:reply|comment)(?: cancel reply)?"
            r"|your email address will not be published\..{0,60}"
            r"|required fields are marked.{0,4}|this site uses akismet to reduce spam\..{0,80}"
            r"|learn how your comment data is processed"
            r"|post navigation|comments (?:are closed|feed)|(?:no|\d+) (?:comments?|responses?|kommentare?"
            r"|commentaires?|comentarios?)(?: yet)?"
            r"|(?:schreibe? einen )?kommentar (?:schreiben|hinterlassen)?|laisser un commentaire"
            r"|deja (?:un comentario|una respuesta)"
            r"|lascia un commento|deixe um comentário|laat een reactie achter|dodaj komentarz|оставить комментарий"
            r"|コメントを残す|اترك تعليق\w*|kommentera|legg igjen en kommentar"
            r"|(?:deine e-mail-adresse wird nicht veröffentlicht|votre adresse e-mail ne sera pas publiée"
            r"|tu dirección de correo electrónico no será publicada|il tuo indirizzo email non sarà pubblicato"
            r"|o seu endereço de e-mail não será publicado|je e-mailadres wordt niet gepubliceerd"
            r"|twój adres e-mail nie zostanie opublikowany|ваш адрес email не будет опубликован)\b.{0,100}"
        ),
        yes="<p>Your email address will not be published. Required fields are marked *</p>",
        no="<p>Leave a comment below your child's drawing, and let her answer it with a line of her own.</p>",
    ),
    Rule(
        name="related posts",
        names=_names(
            r"jp-relatedposts\S*|related(?:-?(?:posts?|articles|content|stories|reading))\S*|yarpp\S*"
            r"|you-?may-?(?:also-?)?like"
            r"|more-?(?:posts|stories|articles|from)|recommended-?posts?|crp_related|outbrain|taboola\S*|read-?next"
            r"|up-?next"
            r"|read_also|wp-block-latest-posts|recent-posts"
        ),
        yes='<div class="related-posts"><h3>You may also like</h3><a href="/b">B</a></div>',
        no='<p class="related">Two related questions come up again and again.</p>',
    ),
    Rule(
        name="related line",
        says=_says(
            r"(?:(?:related|similar)(?: posts?| articles?| stories| reading)?|you (?:may|might) also (?:like|enjoy)"
            r"|more from .{1,60}|see also|(?:ähnliche|weitere|verwandte) (?:beiträge|artikel)|das könnte .{2,12} auch"
            r" (?:interessieren|gefallen)|articles (?:similaires|liés)|(?:entradas|artículos|posts"
            r"|artigos) relacionad[oa]s"
            r"|(?:articoli|post) correlati|gerelateerde (?:berichten|artikelen)|(?:podobne|powiązane) (?:wpisy"
            r"|artykuły)"
            r"|похожие (?:записи|статьи)|関連(?:記事|投稿)?|مقالات ذات صلة|مرتبط):?"
        ),
        heads=True,
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
        name="newsletter line",
        says=_says(
            r"subscribe(?: now| here| for free| today)?|(?:subscribe|sign up)(?: now)? (?:to|for) (?:our|my"
            r"|the)(?: free)?"
            r" (?:blog|newsletter|mailing list|e-?mail updates?)(?: (?:now|here|today))?|upgrade to paid"
            r"|give a gift subscription"
            r"|thanks for reading .{1,120}(?:subscribe for free|this post is public|feel free to share).{0,80}"
            r"|get \d+% off .{1,40}|refer a friend|(?:jetzt )?newsletter abonnieren|s.abonner(?: maintenant)?"
            r"|suscr[ií]bete"
        ),
        yes="<p>Thanks for reading Lisa! Subscribe for free to receive new posts and support my work.</p>",
        no="<p>Subscribe to the idea that every child can draw, and you will see drawings.</p>",
    ),
    Rule(
        name="author box",
        names=_names(
            r"author-?(?:box|bio|info|card|block|description|profile)\S*|about-?author|abh_box\S*|saboxplugin\S*"
            r"|post-author"
        ),
        yes='<div class="author-box"><p>Lisa is a therapist.</p></div>',
        no='<p class="authored">The author Beatrix Potter kept mice.</p>',
    ),
    Rule(
        name="navigation",
        names=_names(
            r"nav-?links?|post-?nav(?:igation)?|entry-?nav|breadcrumbs?|pagination|page-links|navigation|menu"
            r"|site-header"
            r"|site-footer|sidebar|widget-area|skip-link|screen-reader-text|prev-next|paginav|links-nextprev|table-of-contents"
            r"|ez-toc-container"
        ),
        yes='<div class="post-navigation"><a href="/b">Next</a></div>',
        no='<p class="menuhin">He played the violin, and there was soup on the menu.</p>',
    ),
    Rule(
        name="entry's particulars",
        names=_names(
            r"(?:entry|post|article)-?(?:meta|footer|tags|categor(?:y|ies)|info|date|time|copyright|lastmod)"
            r"|entry-?utility|posted-on|byline|tags-links"
            r"|cat-links|edit-link|post-edit-link|reading-?time|wp-block-post-(?:date|author|terms|title)|jp-post-flair"
        ),
        yes='<div class="entry-meta">Posted on May 1 by Lisa</div>',
        no='<p class="metamorphosis">The caterpillar is posted on the wall.</p>',
    ),
    Rule(
        name="line of particulars",
        says=_says(
            r"(?!.*[.!?]\s*$)(?:(?:tags?|tagged(?: as| with)?|filed under|posted (?:in|under)|categor(?:y|ies)|labels?"
            r"|schlagw[öo]rter|kategorien?|veröffentlicht (?:in|unter)|étiquettes?|catégories?|etiquetas?"
            r"|categorías?)\s*:.{0,160}"
            r"|(?:posted|published) (?:on|by|at) [^.!?]{1,60}"
            r"|(?:written|geschrieben|verfasst) (?:by|on|von|am) (?:[^.!?]|(?<=\d)\.){0,60}\b\d{4}\b[^.!?]{0,20}"
            r"|(?:filed|posted) (?:under|in) [^.!?]{1,80})"
        ),
        yes="<p>Filed under: feelings, picture books</p>",
        no="<p>Posted on the wall was a drawing of the cat, and nobody knew who had made it.</p>",
    ),
    Rule(
        name="first published elsewhere",
        word="where people are",
        says=_says(
            r".{1,250}\bwas originally published in\b.{1,100}\bwhere people are continuing the conversation\b.{0,80}"
        ),
        yes="<p>A Day was originally published in Days on Medium, where people are continuing the conversation by "
        "highlighting and responding to this story.</p>",
        no="<p>Peter Rabbit was originally published in a small edition, where people are now looking for it.</p>",
    ),
    Rule(
        name="line numbers",
        names=_names("lnt|linenos?"),
        yes='<table><tr><td><pre class="lineno">1\n2</pre></td><td><pre>breathe in\nbreathe</pre></td></tr></table>',
        no='<p class="linen">Line 1 of the poem is the shortest.</p>',
    ),
    Rule(
        name="player's buttons",
        names=_names(
            r"\S*(?:audio|video|player|mejs|plyr|vjs)\S*[_-](?:current-?time|time|duration|timestamp|time-?rail)"
        ),
        yes='<div><span class="my-audio-current-time">0:00</span><i class="my-audio-time">/1:23</i></div>',
        no='<p class="video-timeline">Three minutes and ten seconds is the time that a song has.</p>',
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
        name="advertisement line",
        labels=True,
        says=_says(
            r"advertisements?|anzeige|werbung|publicité|publicidad|pubblicità|advertentie|reklama|реклама|広告|sponsored"
        ),
        yes="<p>Advertisement</p>",
        no="<p>Advertisement is a long word for a short child.</p>",
    ),
    Rule(
        name="read more",
        says=_says(
            r"(?:(?:read|see|view) (?:more|on|the (?:full|whole) (?:post|article|story))(?: here)?"
            r"|(?:continue|keep) reading\b.{0,100}|\[\s*(?:…|\.\.\.)\s*\]|(?:read|view) (?:this|the) (?:post"
            r"|article) on .{1,60}"
            r"|weiterlesen|mehr lesen|lire la suite|leer más|seguir leyendo|continuar leyendo|continua a leggere"
            r"|leggi tutto"
            r"|leia mais|continue lendo|lees (?:verder|meer)|czytaj (?:dalej|więcej)|читать (?:далее|дальше|полностью)"
            r"|続きを読む|اقرأ المزيد|קרא עוד|läs mer|læs mere|les mer|lue lisää|devamını oku|číst (?:více|dál))"
        ),
        yes='<p><a href="/a">Continue reading →</a></p>',
        no="<p>Read more books than you own, my grandmother used to say. The library stood across the street from her "
        "house, and she went there every day, with me on her hand and her own books in a net.</p>",
    ),
    Rule(
        name="jump link",
        says=_says(r"(?:skip to (?:content|main content)|back to top|jump to .{1,40}|print recipe|table of contents)"),
        yes="<p>Skip to content</p>",
        no="<p>Back to top marks: nobody ever got them.</p>",
    ),
)
