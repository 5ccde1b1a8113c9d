BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0019');
CREATE TABLE approvals (
	id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	sha VARCHAR(64) NOT NULL, 
	rendering VARCHAR(64) NOT NULL, 
	"by" TEXT NOT NULL, 
	at VARCHAR(27) NOT NULL, told VARCHAR(64), 
	CONSTRAINT pk_approvals PRIMARY KEY (id), 
	CONSTRAINT fk_approvals_number_issues FOREIGN KEY(number) REFERENCES issues (number)
);
INSERT INTO "approvals" VALUES(1,1,'7c3931fa278c91b6decb25c8b5e69de5b0974074f5db416eec2f94e6eab8b744','44f75b5228d799276266e2c4ae830e66240bfe60840f37e9cca35a1ff37e3f59','Lisa','2026-11-23T12:00:00.000000Z',NULL);
CREATE TABLE batches (
	id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	"key" VARCHAR(64) NOT NULL, 
	state VARCHAR(10) NOT NULL, 
	claimed_by TEXT, 
	claimed_at VARCHAR(27), 
	attempts INTEGER NOT NULL, 
	not_before VARCHAR(27), 
	words TEXT NOT NULL, place INTEGER, payload VARCHAR(64), first_tried VARCHAR(27), size INTEGER DEFAULT '0' NOT NULL, accepted INTEGER DEFAULT '0' NOT NULL, rejected INTEGER DEFAULT '0' NOT NULL, suppressed INTEGER DEFAULT '0' NOT NULL, unknown INTEGER DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_batches PRIMARY KEY (id), 
	CONSTRAINT fk_batches_number_sendings FOREIGN KEY(number) REFERENCES sendings (number), 
	CONSTRAINT uq_batches_key UNIQUE ("key")
);
INSERT INTO "batches" VALUES(1,1,'6c601cb6254dbb48162a46cded0bb33f','done','process 23266, done','2026-11-23T12:00:00.000000Z',1,NULL,'',0,NULL,'2026-11-23T12:00:00.000000Z',2,2,0,0,0);
CREATE TABLE calendars (
	"key" VARCHAR(16) NOT NULL, 
	etag TEXT, 
	last_modified TEXT, 
	body BLOB NOT NULL, 
	events TEXT NOT NULL, 
	next_check VARCHAR(27) NOT NULL, 
	failures INTEGER NOT NULL, 
	problem TEXT, read VARCHAR(27), 
	CONSTRAINT pk_calendars PRIMARY KEY ("key")
);
CREATE TABLE carriers (
	provider VARCHAR(40) NOT NULL, 
	free_at VARCHAR(27), 
	stopped TEXT, 
	CONSTRAINT pk_carriers PRIMARY KEY (provider)
);
CREATE TABLE choices (
	post INTEGER NOT NULL, 
	choice VARCHAR(10) NOT NULL, 
	at VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_choices PRIMARY KEY (post), 
	CONSTRAINT fk_choices_post_posts FOREIGN KEY(post) REFERENCES posts (id)
);
CREATE TABLE cleanings (
	entry INTEGER NOT NULL, 
	post INTEGER NOT NULL, 
	revision INTEGER NOT NULL, 
	rules INTEGER NOT NULL, 
	CONSTRAINT pk_cleanings PRIMARY KEY (entry), 
	CONSTRAINT fk_cleanings_entry_entries FOREIGN KEY(entry) REFERENCES entries (id), 
	CONSTRAINT fk_cleanings_post_posts FOREIGN KEY(post) REFERENCES posts (id)
);
INSERT INTO "cleanings" VALUES(1,1,1,2);
CREATE TABLE consents (
	id INTEGER NOT NULL, 
	subscriber INTEGER NOT NULL, 
	act VARCHAR(20) NOT NULL, 
	words TEXT NOT NULL, 
	source TEXT NOT NULL, 
	at VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_consents PRIMARY KEY (id)
);
INSERT INTO "consents" VALUES(1,1,'added','told me so','the author','2026-11-23T12:00:00.000000Z');
INSERT INTO "consents" VALUES(2,2,'added','told me so','the author','2026-11-23T12:00:00.000000Z');
INSERT INTO "consents" VALUES(3,2,'left','wrote to me','','2026-11-23T12:00:00.000000Z');
CREATE TABLE cursors (
	name VARCHAR(80) NOT NULL, 
	value TEXT NOT NULL, 
	at VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_cursors PRIMARY KEY (name)
);
CREATE TABLE edits (
	id INTEGER NOT NULL, 
	issue INTEGER NOT NULL, 
	at VARCHAR(27) NOT NULL, 
	"by" TEXT NOT NULL, 
	kind VARCHAR(20) NOT NULL, 
	change TEXT NOT NULL, 
	undone BOOLEAN DEFAULT 0 NOT NULL, overtaken BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_edits PRIMARY KEY (id)
);
CREATE TABLE entries (
	id INTEGER NOT NULL, 
	source TEXT NOT NULL, 
	ident TEXT NOT NULL, 
	sha VARCHAR(64) NOT NULL, 
	revision INTEGER NOT NULL, 
	entry TEXT NOT NULL, 
	partial BOOLEAN NOT NULL, 
	page TEXT, 
	page_url TEXT, 
	page_problem TEXT, 
	page_next VARCHAR(27), 
	"before" BOOLEAN NOT NULL, 
	seen VARCHAR(27) NOT NULL, 
	changed VARCHAR(27), listed BOOLEAN DEFAULT 1 NOT NULL, gone VARCHAR(27), 
	CONSTRAINT pk_entries PRIMARY KEY (id), 
	CONSTRAINT uq_entries_source UNIQUE (source, ident)
);
INSERT INTO "entries" VALUES(1,'blog','https://blog.example.org/?p=worries','a9852ba56f765855cfba31c900f7d4babab2a6e1a74d1ee242802b8e9a82018a',1,'{"source":"blog","guid":"https://blog.example.org/?p=worries","link":"https://blog.example.org/worries/","title":"Worries at Bedtime","html":null,"summary":"<p>Some children lie awake with worries that grow in the dark, and no night light is bright enough for them. (Worries at Bedtime)</p><p>A worried child needs company before advice. Sit down on the edge of the bed and ask what the worry looks like. (Worries at Bedtime)</p><p>When anxious thoughts have a shape and a name, a child can put them into a box until the morning comes. (Worries at Bedtime)</p><p>It helps to breathe together, slowly, as if you were cooling a bowl of soup, and to count the breaths aloud. (Worries at Bedtime)</p>","authors":[],"tags":[],"published":"2026-11-21T12:00:00Z","updated":null,"published_raw":"Sat, 21 Nov 2026 12:00:00 +0000","updated_raw":null,"images":[],"language":null,"enclosures":[],"lead":null,"comments":null}',0,NULL,NULL,NULL,NULL,0,'2026-11-23T12:00:00.000000Z',NULL,1,NULL);
CREATE TABLE facts (
	name VARCHAR(40) NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_facts PRIMARY KEY (name)
);
INSERT INTO "facts" VALUES('salt','7563d04258d32266cf828a6f30f098d63f27284523b2b540949bb689053e9318');
INSERT INTO "facts" VALUES('newsletter','Kind Words
https://blog.example.org/');
INSERT INTO "facts" VALUES('generation','1');
CREATE TABLE guids (
	what VARCHAR(40) NOT NULL, 
	guid TEXT NOT NULL, 
	CONSTRAINT pk_guids PRIMARY KEY (what), 
	CONSTRAINT uq_guids_guid UNIQUE (guid)
);
INSERT INTO "guids" VALUES('post/1','urn:uuid:ee9b31ec-2658-5a32-8c67-650c26e3739b');
CREATE TABLE issue_books (
	number INTEGER NOT NULL, 
	book TEXT NOT NULL, 
	CONSTRAINT pk_issue_books PRIMARY KEY (number, book), 
	CONSTRAINT fk_issue_books_number_issues FOREIGN KEY(number) REFERENCES issues (number)
);
INSERT INTO "issue_books" VALUES(1,'invisible string');
CREATE TABLE issue_posts (
	post INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	CONSTRAINT pk_issue_posts PRIMARY KEY (post), 
	CONSTRAINT fk_issue_posts_number_issues FOREIGN KEY(number) REFERENCES issues (number), 
	CONSTRAINT fk_issue_posts_post_posts FOREIGN KEY(post) REFERENCES posts (id)
);
INSERT INTO "issue_posts" VALUES(1,1);
CREATE TABLE issues (
	number INTEGER NOT NULL, 
	slot TEXT NOT NULL, 
	due VARCHAR(27) NOT NULL, 
	issue TEXT NOT NULL, 
	sha VARCHAR(64) NOT NULL, created VARCHAR(27), outline TEXT, 
	CONSTRAINT pk_issues PRIMARY KEY (number), 
	CONSTRAINT uq_issues_slot UNIQUE (slot)
);
INSERT INTO "issues" VALUES(1,'now 2026-11-23T12:00:00+00:00','2026-11-23T12:00:00.000000Z','{"number":1,"slug":"worries-at-bedtime","slot":{"key":"now 2026-11-23T12:00:00+00:00","due":"2026-11-23T12:00:00Z"},"title":"Worries at Bedtime","subject":"Worries at Bedtime","preheader":"Some children lie awake with worries that grow in the dark, and no night light is bright enough for them.…","intro":null,"created":"2026-11-23T12:00:00Z","items":[{"post":{"id":1,"entry":1,"source":"blog","guids":["https://blog.example.org/?p=worries"],"fingerprint":"644268de39856f814bf8a12dc5f65cbff85fd77a845e1490e31cde10e0f916e2","article":{"url":"https://blog.example.org/worries/","title":"Worries at Bedtime","html":"<p>Some children lie awake with worries that grow in the dark, and no night light is bright enough for them. (Worries at Bedtime)</p><p>A worried child needs company before advice. Sit down on the edge of the bed and ask what the worry looks like. (Worries at Bedtime)</p><p>When anxious thoughts have a shape and a name, a child can put them into a box until the morning comes. (Worries at Bedtime)</p><p>It helps to breathe together, slowly, as if you were cooling a bowl of soup, and to count the breaths aloud. (Worries at Bedtime)</p>","text":"Some children lie awake with worries that grow in the dark, and no night light is bright enough for them. (Worries at Bedtime)\n\nA worried child needs company before advice. Sit down on the edge of the bed and ask what the worry looks like. (Worries at Bedtime)\n\nWhen anxious thoughts have a shape and a name, a child can put them into a box until the morning comes. (Worries at Bedtime)\n\nIt helps to breathe together, slowly, as if you were cooling a bowl of soup, and to count the breaths aloud. (Worries at Bedtime)","excerpt":"Some children lie awake with worries that grow in the dark, and no night light is bright enough for them. (Worries at Bedtime) A worried child needs company before advice. Sit down on the edge of the bed and ask what the worry looks like.","question":null,"authors":[],"tags":[],"published":"2026-11-21T12:00:00Z","updated":null,"lead_image":null,"language":null,"direction":"ltr","words":96,"removed":[],"complete":true,"enclosures":[],"comments":null},"before":false,"held":null,"fault":null,"settled_from":"2026-11-21T12:00:00Z","first_seen":"2026-11-23T12:00:00Z","gone":null},"form":"full","picks":[{"book":{"title":"The Invisible String","author":"Patrice Karst","isbn":null,"illustrator":null,"year":null,"ages":[4,8],"themes":["separation","worry","love"],"note":null,"description":"Two children afraid of a storm hear about the string that ties them to everyone they love.","cover":null,"links":[],"pinned_for":[],"never":false,"starter":false},"origin":"matched","score":0.4352,"reason":"Because this post speaks of worry and being afraid.","matched":["worries","anxious","breathe","night light","bed","dark"],"links":{"email":"https://bookshop.org/search?keywords=The+Invisible+String+Patrice+Karst","web":"https://bookshop.org/search?keywords=The+Invisible+String+Patrice+Karst","feed":"https://bookshop.org/search?keywords=The+Invisible+String+Patrice+Karst","affiliate":[]}}]}],"related":[],"events":[],"corrects":null,"notes":[]}','2af06d1bb45f4b636f680cc2e4b0bd459a78b16f64492b891b61f19c5796ca14','2026-11-23T12:00:00.000000Z','{"slug":"worries-at-bedtime","title":"Worries at Bedtime","subject":"Worries at Bedtime","preheader":"Some children lie awake with worries that grow in the dark, and no night light is bright enough for them.…","created":"2026-11-23T12:00:00Z","items":[{"post":{"article":{"title":"Worries at Bedtime","url":"https://blog.example.org/worries/"}}}]}');
CREATE TABLE links (
	url TEXT NOT NULL, 
	asked VARCHAR(27) NOT NULL, 
	verdict VARCHAR(10) NOT NULL, 
	words TEXT NOT NULL, 
	CONSTRAINT pk_links PRIMARY KEY (url)
);
INSERT INTO "links" VALUES('https://bookshop.org/search?keywords=The+Invisible+String+Patrice+Karst','2026-11-23T12:00:00.000000Z','dead','There is no such page (404).');
INSERT INTO "links" VALUES('https://blog.example.org/worries/','2026-11-23T12:00:00.000000Z','there','');
CREATE TABLE notices (
	"key" VARCHAR(120) NOT NULL, 
	words TEXT NOT NULL, 
	said VARCHAR(27), 
	next_at VARCHAR(27) NOT NULL, 
	tries INTEGER NOT NULL, 
	CONSTRAINT pk_notices PRIMARY KEY ("key")
);
CREATE TABLE outcomes (
	number INTEGER NOT NULL, 
	subscriber INTEGER NOT NULL, 
	batch INTEGER NOT NULL, 
	address TEXT NOT NULL, 
	name TEXT, 
	unsubscribe TEXT NOT NULL, 
	message_id TEXT NOT NULL, 
	fate VARCHAR(12) NOT NULL, 
	provider_id TEXT, 
	words TEXT NOT NULL, 
	at VARCHAR(27), 
	CONSTRAINT pk_outcomes PRIMARY KEY (number, subscriber), 
	CONSTRAINT fk_outcomes_batch_batches FOREIGN KEY(batch) REFERENCES batches (id), 
	CONSTRAINT fk_outcomes_number_sendings FOREIGN KEY(number) REFERENCES sendings (number)
);
INSERT INTO "outcomes" VALUES(1,1,1,'ann@example.org',NULL,'BReQ0Xt73UaZtmqEhaDaH7f410qK1yL-sYkHPsC-ZSo','','accepted',NULL,'','2026-11-23T12:00:00.000000Z');
INSERT INTO "outcomes" VALUES(1,2,1,'ben@example.org',NULL,'61ZSTm6AFrXsw7EW06P6y7Nr9-qsaRGW4WjrdLS4590','','accepted',NULL,'','2026-11-23T12:00:00.000000Z');
CREATE TABLE outputs (
	name TEXT NOT NULL, 
	inputs VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_outputs PRIMARY KEY (name)
);
INSERT INTO "outputs" VALUES('rss.xml','04ce09dff3a0e7fcfc5dbc0ab8afd3f11d7633db7979c022e480096776958ee9');
INSERT INTO "outputs" VALUES('atom.xml','04ce09dff3a0e7fcfc5dbc0ab8afd3f11d7633db7979c022e480096776958ee9');
INSERT INTO "outputs" VALUES('feed.json','04ce09dff3a0e7fcfc5dbc0ab8afd3f11d7633db7979c022e480096776958ee9');
INSERT INTO "outputs" VALUES('issues.xml','38ff24610e1477b60837643b3820bfc5376326a0ddee544d19493fd826d41b1f');
INSERT INTO "outputs" VALUES('feeds.opml','6e900bf643de44f2931c323e2d34827cf9888c5b4ef8048a3545d9526ea17f5b');
INSERT INTO "outputs" VALUES('index.html','0351228ca80f8be2ba2635cca8b2ea785c85ae9efd762e214888dd31928355b1');
INSERT INTO "outputs" VALUES('feed.css','6e900bf643de44f2931c323e2d34827cf9888c5b4ef8048a3545d9526ea17f5b');
INSERT INTO "outputs" VALUES('issues/1-worries-at-bedtime/index.html','91b60ddaaddeeb41eb312402ec275fcadebfdaf75be8cd0676da6f2b93c1a723');
CREATE TABLE picks (
	post INTEGER NOT NULL, 
	inputs VARCHAR(64) NOT NULL, 
	picks TEXT NOT NULL, 
	CONSTRAINT pk_picks PRIMARY KEY (post), 
	CONSTRAINT fk_picks_post_posts FOREIGN KEY(post) REFERENCES posts (id)
);
INSERT INTO "picks" VALUES(1,'0d4775909a40cad0ed442bda72e1aee1e6ba37a400caecc890d907d542843979','[{"book":{"title":"The Invisible String","author":"Patrice Karst","isbn":null,"illustrator":null,"year":null,"ages":[4,8],"themes":["separation","worry","love"],"note":null,"description":"Two children afraid of a storm hear about the string that ties them to everyone they love.","cover":null,"links":[],"pinned_for":[],"never":false,"starter":false},"origin":"matched","score":0.4352,"reason":"Because this post speaks of worry and being afraid.","matched":["worries","anxious","breathe","night light","bed","dark"],"links":{"email":"https://bookshop.org/search?keywords=The+Invisible+String+Patrice+Karst","web":"https://bookshop.org/search?keywords=The+Invisible+String+Patrice+Karst","feed":"https://bookshop.org/search?keywords=The+Invisible+String+Patrice+Karst","affiliate":[]}}]');
CREATE TABLE pictures (
	url TEXT NOT NULL, 
	asked VARCHAR(27) NOT NULL, 
	etag TEXT, 
	last_modified TEXT, 
	copy TEXT, 
	problem TEXT, 
	gone BOOLEAN NOT NULL, 
	CONSTRAINT pk_pictures PRIMARY KEY (url)
);
CREATE TABLE pings (
	name TEXT NOT NULL, 
	sha VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_pings PRIMARY KEY (name)
);
CREATE TABLE post_keys (
	"key" TEXT NOT NULL, 
	post INTEGER NOT NULL, 
	CONSTRAINT pk_post_keys PRIMARY KEY ("key"), 
	CONSTRAINT fk_post_keys_post_posts FOREIGN KEY(post) REFERENCES posts (id)
);
INSERT INTO "post_keys" VALUES('guid:https://blog.example.org/?p=worries',1);
INSERT INTO "post_keys" VALUES('url:blog.example.org?p=worries',1);
INSERT INTO "post_keys" VALUES('url:blog.example.org/worries',1);
INSERT INTO "post_keys" VALUES('words:644268de39856f814bf8a12dc5f65cbff85fd77a845e1490e31cde10e0f916e2',1);
CREATE TABLE posts (
	id INTEGER NOT NULL, 
	entry INTEGER NOT NULL, 
	source TEXT NOT NULL, 
	guids TEXT NOT NULL, 
	fingerprint VARCHAR(64) NOT NULL, 
	article TEXT NOT NULL, 
	article_sha VARCHAR(64) NOT NULL, 
	"before" BOOLEAN NOT NULL, 
	held TEXT, 
	fault TEXT, 
	settled_from VARCHAR(27) NOT NULL, 
	first_seen VARCHAR(27) NOT NULL, outline TEXT, moment VARCHAR(27), title_key TEXT, 
	CONSTRAINT pk_posts PRIMARY KEY (id), 
	CONSTRAINT fk_posts_entry_entries FOREIGN KEY(entry) REFERENCES entries (id)
);
INSERT INTO "posts" VALUES(1,1,'blog','["https://blog.example.org/?p=worries"]','644268de39856f814bf8a12dc5f65cbff85fd77a845e1490e31cde10e0f916e2','{"url":"https://blog.example.org/worries/","title":"Worries at Bedtime","html":"<p>Some children lie awake with worries that grow in the dark, and no night light is bright enough for them. (Worries at Bedtime)</p><p>A worried child needs company before advice. Sit down on the edge of the bed and ask what the worry looks like. (Worries at Bedtime)</p><p>When anxious thoughts have a shape and a name, a child can put them into a box until the morning comes. (Worries at Bedtime)</p><p>It helps to breathe together, slowly, as if you were cooling a bowl of soup, and to count the breaths aloud. (Worries at Bedtime)</p>","text":"Some children lie awake with worries that grow in the dark, and no night light is bright enough for them. (Worries at Bedtime)\n\nA worried child needs company before advice. Sit down on the edge of the bed and ask what the worry looks like. (Worries at Bedtime)\n\nWhen anxious thoughts have a shape and a name, a child can put them into a box until the morning comes. (Worries at Bedtime)\n\nIt helps to breathe together, slowly, as if you were cooling a bowl of soup, and to count the breaths aloud. (Worries at Bedtime)","excerpt":"Some children lie awake with worries that grow in the dark, and no night light is bright enough for them. (Worries at Bedtime) A worried child needs company before advice. Sit down on the edge of the bed and ask what the worry looks like.","question":null,"authors":[],"tags":[],"published":"2026-11-21T12:00:00Z","updated":null,"lead_image":null,"language":null,"direction":"ltr","words":96,"removed":[],"complete":true,"enclosures":[],"comments":null}','e6ba37a400caecc890d907d5428439799eec202c32a8025cf63706fbaaa9b04a',0,NULL,NULL,'2026-11-21T12:00:00.000000Z','2026-11-23T12:00:00.000000Z','{"title":"Worries at Bedtime","published":"2026-11-21T12:00:00Z","url":"https://blog.example.org/worries/","tags":[],"words":96,"complete":true}','2026-11-21T12:00:00.000000Z','worries at bedtime');
CREATE TABLE reader_topics (
	subscriber INTEGER NOT NULL, 
	topic TEXT NOT NULL, 
	CONSTRAINT pk_reader_topics PRIMARY KEY (subscriber, topic), 
	CONSTRAINT fk_reader_topics_subscriber_subscribers FOREIGN KEY(subscriber) REFERENCES subscribers (id)
);
CREATE TABLE renders (
	number INTEGER NOT NULL, 
	inputs VARCHAR(64) NOT NULL, 
	folder TEXT NOT NULL, 
	whole BOOLEAN NOT NULL, 
	sha VARCHAR(64) NOT NULL, 
	message TEXT NOT NULL, 
	linted VARCHAR(64) NOT NULL, 
	findings TEXT NOT NULL, seen VARCHAR(64) DEFAULT '' NOT NULL, 
	CONSTRAINT pk_renders PRIMARY KEY (number), 
	CONSTRAINT fk_renders_number_issues FOREIGN KEY(number) REFERENCES issues (number)
);
INSERT INTO "renders" VALUES(1,'44f75b5228d799276266e2c4ae830e66240bfe60840f37e9cca35a1ff37e3f59','1-worries-at-bedtime',1,'7c3931fa278c91b6decb25c8b5e69de5b0974074f5db416eec2f94e6eab8b744','{"subject":"Worries at Bedtime","html":"<!doctype html><html lang=\"en\" dir=\"ltr\" xmlns=\"http://www.w3.org/1999/xhtml\" xmlns:v=\"urn:schemas-microsoft-com:vml\" xmlns:o=\"urn:schemas-microsoft-com:office:office\"><head><title>Worries at Bedtime</title><!--[if !mso]><!--><meta http-equiv=\"X-UA-Compatible\" content=\"IE=edge\"><!--<![endif]--><meta http-equiv=\"Content-Type\" content=\"text/html; charset=UTF-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<style type=\"text/css\">\n#outlook a { padding: 0; }\nbody { margin: 0; padding: 0; -webkit-text-size-adjust: 100%; -ms-text-size-adjust: 100%; }\ntable, td { border-collapse: collapse; mso-table-lspace: 0pt; mso-table-rspace: 0pt; }\nimg { border: 0; height: auto; line-height: 100%; outline: none; text-decoration: none; -ms-interpolation-mode: bicubic; }\np { display: block; margin: 13px 0; }\n</style>\n<!--[if mso]>\n<noscript>\n<xml>\n<o:OfficeDocumentSettings>\n<o:AllowPNG/>\n<o:PixelsPerInch>96</o:PixelsPerInch>\n</o:OfficeDocumentSettings>\n</xml>\n</noscript>\n<![endif]-->\n<!--[if lte mso 11]>\n<style type=\"text/css\">\n.mj-outlook-group-fix { width:100% !important; }\n</style>\n<![endif]-->\n<style type=\"text/css\">@media only screen and (min-width:480px) { .mj-column-per-100 { width:100% !important; max-width:100%; }  }</style><style media=\"screen and (min-width:480px)\">.moz-text-html .mj-column-per-100 { width:100% !important; max-width:100%; } </style><style type=\"text/css\">:root { color-scheme: light dark; supported-color-schemes: light dark; }\n      a { color: #8a3b22; text-underline-offset: 2px; }\n      @media (max-width: 480px) {\n        .body div { font-size: 18px !important; }\n        .lead-title div { font-size: 30px !important; }\n      }\n      @media (prefers-color-scheme: dark) {\n        a { color: #f0ab8e; }\n        body, body > div, .page, .page > div { background-color: #171412 !important; }\n        .ground, .ground table, .ground td { background-color: #171412 !important; }\n        .paper, .paper table, .paper td { background-color: #211d1a !important; }\n        .card, .card > table { background-color: #211d1a !important; }\n        .card > table > tbody > tr > td, .card td table, .card td td { background-color: #2c2622 !important; }\n        .card .cover, .card .cover td { background-color: #f0ab8e !important; color: #2a150d !important; border-radius: 4px; }\n        .ink div, .ink p, .ink li, .ink td, .ink h1, .ink h2, .ink h3, .ink h4, .ink blockquote { color: #ece4d9 !important; }\n        .ink pre { background-color: #2c2622 !important; color: #ece4d9 !important; }\n        .ink blockquote, .body td, .body th, .body hr { border-color: #41382f !important; }\n        .quiet div, .quiet p, .quiet td, .quiet span, span.quiet, .ink p.quiet, .ink cite.quiet { color: #b8ac9f !important; }\n        .ink a, .quiet a, .ink .accent { color: #f0ab8e !important; }\n        .ink .title a { color: #ece4d9 !important; }\n        .btn table td, .btn a, .btn p { background-color: #f0ab8e !important; color: #2a150d !important; }\n        .rule p { border-top-color: #41382f !important; }\n      }\n      @media print { .no-print { display: none !important; } }</style><meta name=\"color-scheme\" content=\"light dark\" /><meta name=\"supported-color-schemes\" content=\"light dark\" /></head><body style=\"word-spacing:normal;background-color:#f2ede4;\"><div lang=\"en\" dir=\"ltr\" style=\"display:none;font-size:1px;line-height:1px;max-height:0px;max-width:0px;opacity:0;overflow:hidden;\">Some children lie awake with worries that grow in the dark, and no night light is bright enough for them.… ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏ </div><div aria-label=\"Worries at Bedtime\" class=\"page\" role=\"article\" lang=\"en\" dir=\"ltr\" style=\"background-color:#f2ede4;\"><!--[if mso | IE]><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" bgcolor=\"#f2ede4\" align=\"center\" width=\"600\" class=\"ground-outlook\" style=\"width:600px;\"><tr><td style=\"line-height:0px;font-size:0px;mso-line-height-rule:exactly;\"><![endif]--><div class=\"ground\" style=\"background:#f2ede4;background-color:#f2ede4;margin:0px auto;max-width:600px;\"><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" align=\"center\" style=\"background:#f2ede4;background-color:#f2ede4;width:100%;\"><tbody><tr><td style=\"direction:ltr;font-size:0px;padding:36px 0 28px;text-align:left;\"><!--[if mso | IE]><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\"><tr><td style=\"vertical-align:top;width:600px;\"><![endif]--><div class=\"mj-outlook-group-fix mj-column-per-100\" style=\"font-size:0px;text-align:left;direction:ltr;display:inline-block;vertical-align:top;width:100%;\"><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" width=\"100%\" style=\"vertical-align:top;\"><tbody><tr><td align=\"center\" class=\"ink\" style=\"font-size:0px;padding:0 24px 6px;word-break:break-word;\"><div style=\"font-family:Georgia, Times New Roman, serif;font-size:28px;line-height:1.2;text-align:center;color:#2b2622;\">Kind Words</div></td></tr><tr><td align=\"center\" class=\"quiet\" style=\"font-size:0px;padding:0 24px;word-break:break-word;\"><div style=\"font-family:-apple-system, Segoe UI, Helvetica, Arial, sans-serif;font-size:14px;line-height:1.6;text-align:center;color:#6a6057;\">Issue 1 · November 23, 2026</div></td></tr></tbody></table></div><!--[if mso | IE]></td></tr></table><![endif]--></td></tr></tbody></table></div><!--[if mso | IE]></td></tr></table><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" bgcolor=\"#fffdf9\" align=\"center\" width=\"600\" class=\"paper-outlook\" style=\"width:600px;\"><tr><td style=\"line-height:0px;font-size:0px;mso-line-height-rule:exactly;\"><![endif]--><div class=\"paper\" style=\"background:#fffdf9;background-color:#fffdf9;margin:0px auto;max-width:600px;\"><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" align=\"center\" style=\"background:#fffdf9;background-color:#fffdf9;width:100%;\"><tbody><tr><td style=\"direction:ltr;font-size:0px;padding:40px 0 0;text-align:left;\"><!--[if mso | IE]><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\"><tr><td style=\"vertical-align:top;width:600px;\"><![endif]--><div class=\"mj-outlook-group-fix mj-column-per-100\" style=\"font-size:0px;text-align:left;direction:ltr;display:inline-block;vertical-align:top;width:100%;\"><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" width=\"100%\" style=\"vertical-align:top;\"><tbody><tr><td align=\"left\" class=\"ink lead-title\" style=\"font-size:0px;padding:0 32px 10px;word-break:break-word;\"><div style=\"font-family:Georgia, Times New Roman, serif;font-size:34px;line-height:1.2;text-align:left;color:#2b2622;\"><h1 class=\"title\" style=\"margin:0;font-size:inherit;line-height:1.2;font-weight:normal;\"><a href=\"https://blog.example.org/worries/\" style=\"color:#2b2622;text-decoration:none;\" dir=\"ltr\">Worries at Bedtime</a></h1></div></td></tr><tr><td align=\"left\" class=\"quiet\" style=\"font-size:0px;padding:0 32px 20px;word-break:break-word;\"><div style=\"font-family:-apple-system, Segoe UI, Helvetica, Arial, sans-serif;font-size:14px;line-height:1.6;text-align:left;color:#6a6057;\">November 21, 2026</div></td></tr><tr><td align=\"left\" class=\"ink body\" style=\"font-size:0px;padding:0 32px 8px;word-break:break-word;\"><div style=\"font-family:Georgia, Times New Roman, serif;font-size:17px;line-height:1.6;text-align:left;color:#2b2622;\"><div dir=\"ltr\" style=\"overflow-wrap:anywhere;\"><p style=\"margin:0 0 16px;\">Some children lie awake with worries that grow in the dark, and no night light is bright enough for them. (Worries at Bedtime)</p><p style=\"margin:0 0 16px;\">A worried child needs company before advice. Sit down on the edge of the bed and ask what the worry looks like. (Worries at Bedtime)</p><p style=\"margin:0 0 16px;\">When anxious thoughts have a shape and a name, a child can put them into a box until the morning comes. (Worries at Bedtime)</p><p style=\"margin:0 0 16px;\">It helps to breathe together, slowly, as if you were cooling a bowl of soup, and to count the breaths aloud. (Worries at Bedtime)</p></div></div></td></tr></tbody></table></div><!--[if mso | IE]></td></tr></table><![endif]--></td></tr></tbody></table></div><!--[if mso | IE]></td></tr></table><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" bgcolor=\"#fffdf9\" align=\"center\" width=\"600\" class=\"paper-outlook\" style=\"width:600px;\"><tr><td style=\"line-height:0px;font-size:0px;mso-line-height-rule:exactly;\"><![endif]--><div class=\"paper\" style=\"background:#fffdf9;background-color:#fffdf9;margin:0px auto;max-width:600px;\"><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" align=\"center\" style=\"background:#fffdf9;background-color:#fffdf9;width:100%;\"><tbody><tr><td style=\"direction:ltr;font-size:0px;padding:12px 0 16px;text-align:left;\"><!--[if mso | IE]><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\"><tr><td style=\"vertical-align:top;width:600px;\"><![endif]--><div class=\"mj-outlook-group-fix mj-column-per-100\" style=\"font-size:0px;text-align:left;direction:ltr;display:inline-block;vertical-align:top;width:100%;\"><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" width=\"100%\" style=\"vertical-align:top;\"><tbody><tr><td align=\"left\" class=\"quiet\" style=\"font-size:0px;padding:0 32px 4px;word-break:break-word;\"><div style=\"font-family:-apple-system, Segoe UI, Helvetica, Arial, sans-serif;font-size:14px;line-height:1.6;text-align:left;color:#6a6057;\"><h2 style=\"margin:0;font-size:14px;font-weight:bold;\">Books for this post</h2></div></td></tr></tbody></table></div><!--[if mso | IE]></td></tr></table><![endif]--></td></tr></tbody></table></div><!--[if mso | IE]></td></tr></table><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" bgcolor=\"#fffdf9\" align=\"center\" width=\"600\" class=\"paper-outlook\" style=\"width:600px;\"><tr><td style=\"line-height:0px;font-size:0px;mso-line-height-rule:exactly;\"><![endif]--><div class=\"paper\" style=\"background:#fffdf9;background-color:#fffdf9;margin:0px auto;max-width:600px;\"><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" align=\"center\" style=\"background:#fffdf9;background-color:#fffdf9;width:100%;\"><tbody><tr><td style=\"direction:ltr;font-size:0px;padding:0 24px 12px;text-align:left;\"><!--[if mso | IE]><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\"><tr><td class=\"card-outlook\" style=\"vertical-align:top;width:600px;\"><![endif]--><div class=\"mj-outlook-group-fix mj-column-per-100 card\" style=\"font-size:0px;text-align:left;direction:ltr;display:inline-block;vertical-align:top;width:100%;\"><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" width=\"100%\" style=\"border-collapse:separate;\"><tbody><tr><td style=\"background-color:#f8f1e6;border-radius:8px;vertical-align:top;border-collapse:separate;padding:16px 0 8px;\"><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" width=\"100%\"><tbody><tr><td align=\"left\" class=\"ink\" style=\"font-size:0px;padding:0 16px 8px;word-break:break-word;\"><div style=\"font-family:Georgia, Times New Roman, serif;font-size:16px;line-height:1.5;text-align:left;color:#2b2622;\"><table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\"><tr><td width=\"88\" valign=\"top\" style=\"width:88px;padding-bottom:0;padding-right:16px;\"><table role=\"presentation\" class=\"cover\" width=\"72\" height=\"104\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" bgcolor=\"#8a3b22\" style=\"width:72px;height:104px;border-radius:4px;background-color:#8a3b22;\"><tr><td align=\"center\" valign=\"middle\" style=\"padding:6px 4px;font-size:12px;line-height:1.3;color:#ffffff;\" aria-hidden=\"true\">The Invisible String</td></tr></table></td><td valign=\"top\" style=\"text-align:left;\"><h3 style=\"margin:0;font-size:18px;line-height:1.3;font-weight:bold;\">The Invisible String</h3><p class=\"quiet\" style=\"margin:2px 0 8px;font-family:-apple-system, Segoe UI, Helvetica, Arial, sans-serif;font-size:14px;color:#6a6057;\">by <span dir=\"auto\">Patrice Karst</span> · <span style=\"white-space:nowrap;\">ages 4–8</span></p><p dir=\"auto\" style=\"margin:0 0 8px;\">Because this post speaks of worry and being afraid.</p><a class=\"accent\" href=\"https://bookshop.org/search?keywords=The+Invisible+String+Patrice+Karst\" style=\"font-family:-apple-system, Segoe UI, Helvetica, Arial, sans-serif;font-size:15px;font-weight:bold;color:#8a3b22;\" aria-label=\"See the book: The Invisible String\">See the book</a></td></tr></table></div></td></tr></tbody></table></td></tr></tbody></table></div><!--[if mso | IE]></td></tr></table><![endif]--></td></tr></tbody></table></div><!--[if mso | IE]></td></tr></table><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" bgcolor=\"#fffdf9\" align=\"center\" width=\"600\" class=\"paper-outlook\" style=\"width:600px;\"><tr><td style=\"line-height:0px;font-size:0px;mso-line-height-rule:exactly;\"><![endif]--><div class=\"paper\" style=\"background:#fffdf9;background-color:#fffdf9;margin:0px auto;max-width:600px;\"><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" align=\"center\" style=\"background:#fffdf9;background-color:#fffdf9;width:100%;\"><tbody><tr><td style=\"direction:ltr;font-size:0px;padding:0 0 24px;text-align:left;\"><!--[if mso | IE]><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\"><tr><td style=\"vertical-align:top;width:600px;\"><![endif]--><div class=\"mj-outlook-group-fix mj-column-per-100\" style=\"font-size:0px;text-align:left;direction:ltr;display:inline-block;vertical-align:top;width:100%;\"><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" width=\"100%\" style=\"vertical-align:top;\"><tbody><tr><td style=\"font-size:0px;word-break:break-word;\"><div style=\"height:8px;line-height:8px;\">&#8202;</div></td></tr></tbody></table></div><!--[if mso | IE]></td></tr></table><![endif]--></td></tr></tbody></table></div><!--[if mso | IE]></td></tr></table><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" bgcolor=\"#f2ede4\" align=\"center\" width=\"600\" class=\"ground-outlook\" style=\"width:600px;\"><tr><td style=\"line-height:0px;font-size:0px;mso-line-height-rule:exactly;\"><![endif]--><div class=\"ground\" style=\"background:#f2ede4;background-color:#f2ede4;margin:0px auto;max-width:600px;\"><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" align=\"center\" style=\"background:#f2ede4;background-color:#f2ede4;width:100%;\"><tbody><tr><td style=\"direction:ltr;font-size:0px;padding:28px 0 48px;text-align:left;\"><!--[if mso | IE]><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\"><tr><td style=\"vertical-align:top;width:600px;\"><![endif]--><div class=\"mj-outlook-group-fix mj-column-per-100\" style=\"font-size:0px;text-align:left;direction:ltr;display:inline-block;vertical-align:top;width:100%;\"><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" width=\"100%\" style=\"vertical-align:top;\"><tbody><tr><td align=\"center\" class=\"quiet\" style=\"font-size:0px;padding:0 32px 16px;word-break:break-word;\"><div style=\"font-family:-apple-system, Segoe UI, Helvetica, Arial, sans-serif;font-size:13px;line-height:1.7;text-align:center;color:#6a6057;\"><div dir=\"auto\">You get this because you subscribed to <a href=\"https://blog.example.org/\" style=\"color:#6a6057;\">Kind Words</a>.<br />Sent by Lisa, 12 Main Street, Springfield<br /><a href=\"https://news.example.org/issues/1-worries-at-bedtime/\" style=\"color:#6a6057;\">Read this on the web</a> · <a href=\"https://unsubscribe.invalid/44f4832aee76103c\" style=\"color:#6a6057;\">Unsubscribe</a></div></div></td></tr></tbody></table></div><!--[if mso | IE]></td></tr></table><![endif]--></td></tr></tbody></table></div><!--[if mso | IE]></td></tr></table><![endif]-->  </div></body></html>\n","text":"Kind Words\nIssue 1 · November 23, 2026\n========================================================================\n\nWORRIES AT BEDTIME\nNovember 21, 2026\n\nSome children lie awake with worries that grow in the dark, and no night\nlight is bright enough for them. (Worries at Bedtime)\n\nA worried child needs company before advice. Sit down on the edge of the\nbed and ask what the worry looks like. (Worries at Bedtime)\n\nWhen anxious thoughts have a shape and a name, a child can put them into\na box until the morning comes. (Worries at Bedtime)\n\nIt helps to breathe together, slowly, as if you were cooling a bowl of\nsoup, and to count the breaths aloud. (Worries at Bedtime)\n\nRead it on the blog [1]\n\nBooks for this post\n\n* The Invisible String, Patrice Karst [2]\n  Because this post speaks of worry and being afraid.\n\n------------------------------------------------------------------------\n\nLinks\n[1] https://blog.example.org/worries/\n[2] https://bookshop.org/search?keywords=The+Invisible+String+Patrice+Karst\n\nRead this on the web: https://news.example.org/issues/1-worries-at-bedtime/\nUnsubscribe: https://unsubscribe.invalid/44f4832aee76103c\n\nYou get this because you subscribed to Kind Words.\nSent by Lisa, 12 Main Street, Springfield\n","unsubscribe":"https://unsubscribe.invalid/44f4832aee76103c","list_headers":[["List-Id","\"Kind Words\" <kind-words.news.example.org>"]]}','7c3931fa278c91b6decb25c8b5e69de5b0974074f5db416eec2f94e6eab8b744','[{"level":"advisory","code":"dead-link","message":"A link of the book “The Invisible String” leads to nothing: https://bookshop.org/search?keywords=The+Invisible+String+Patrice+Karst. There is no such page (404). Mend it, or take it out.","where":"sources/books.toml"}]','c84b051d04889d59bd08b3030f3695e0218d47824d0dae688d322fa3e4eb1714');
CREATE TABLE runs (
	id INTEGER NOT NULL, 
	began VARCHAR(27) NOT NULL, 
	ended VARCHAR(27) NOT NULL, 
	what VARCHAR(40) NOT NULL, 
	code INTEGER NOT NULL, 
	words TEXT NOT NULL, 
	CONSTRAINT pk_runs PRIMARY KEY (id)
);
CREATE TABLE sendings (
	number INTEGER NOT NULL, 
	sha VARCHAR(64) NOT NULL, 
	provider VARCHAR(40) NOT NULL, 
	message TEXT NOT NULL, 
	sender TEXT NOT NULL, 
	reply_to TEXT, 
	frozen VARCHAR(27) NOT NULL, 
	audience INTEGER NOT NULL, links TEXT DEFAULT '' NOT NULL, domain TEXT DEFAULT '' NOT NULL, canary INTEGER, asked VARCHAR(27), 
	CONSTRAINT pk_sendings PRIMARY KEY (number), 
	CONSTRAINT fk_sendings_number_issues FOREIGN KEY(number) REFERENCES issues (number)
);
INSERT INTO "sendings" VALUES(1,'7c3931fa278c91b6decb25c8b5e69de5b0974074f5db416eec2f94e6eab8b744','outbox','{"subject":"Worries at Bedtime","html":"<!doctype html><html lang=\"en\" dir=\"ltr\" xmlns=\"http://www.w3.org/1999/xhtml\" xmlns:v=\"urn:schemas-microsoft-com:vml\" xmlns:o=\"urn:schemas-microsoft-com:office:office\"><head><title>Worries at Bedtime</title><!--[if !mso]><!--><meta http-equiv=\"X-UA-Compatible\" content=\"IE=edge\"><!--<![endif]--><meta http-equiv=\"Content-Type\" content=\"text/html; charset=UTF-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<style type=\"text/css\">\n#outlook a { padding: 0; }\nbody { margin: 0; padding: 0; -webkit-text-size-adjust: 100%; -ms-text-size-adjust: 100%; }\ntable, td { border-collapse: collapse; mso-table-lspace: 0pt; mso-table-rspace: 0pt; }\nimg { border: 0; height: auto; line-height: 100%; outline: none; text-decoration: none; -ms-interpolation-mode: bicubic; }\np { display: block; margin: 13px 0; }\n</style>\n<!--[if mso]>\n<noscript>\n<xml>\n<o:OfficeDocumentSettings>\n<o:AllowPNG/>\n<o:PixelsPerInch>96</o:PixelsPerInch>\n</o:OfficeDocumentSettings>\n</xml>\n</noscript>\n<![endif]-->\n<!--[if lte mso 11]>\n<style type=\"text/css\">\n.mj-outlook-group-fix { width:100% !important; }\n</style>\n<![endif]-->\n<style type=\"text/css\">@media only screen and (min-width:480px) { .mj-column-per-100 { width:100% !important; max-width:100%; }  }</style><style media=\"screen and (min-width:480px)\">.moz-text-html .mj-column-per-100 { width:100% !important; max-width:100%; } </style><style type=\"text/css\">:root { color-scheme: light dark; supported-color-schemes: light dark; }\n      a { color: #8a3b22; text-underline-offset: 2px; }\n      @media (max-width: 480px) {\n        .body div { font-size: 18px !important; }\n        .lead-title div { font-size: 30px !important; }\n      }\n      @media (prefers-color-scheme: dark) {\n        a { color: #f0ab8e; }\n        body, body > div, .page, .page > div { background-color: #171412 !important; }\n        .ground, .ground table, .ground td { background-color: #171412 !important; }\n        .paper, .paper table, .paper td { background-color: #211d1a !important; }\n        .card, .card > table { background-color: #211d1a !important; }\n        .card > table > tbody > tr > td, .card td table, .card td td { background-color: #2c2622 !important; }\n        .card .cover, .card .cover td { background-color: #f0ab8e !important; color: #2a150d !important; border-radius: 4px; }\n        .ink div, .ink p, .ink li, .ink td, .ink h1, .ink h2, .ink h3, .ink h4, .ink blockquote { color: #ece4d9 !important; }\n        .ink pre { background-color: #2c2622 !important; color: #ece4d9 !important; }\n        .ink blockquote, .body td, .body th, .body hr { border-color: #41382f !important; }\n        .quiet div, .quiet p, .quiet td, .quiet span, span.quiet, .ink p.quiet, .ink cite.quiet { color: #b8ac9f !important; }\n        .ink a, .quiet a, .ink .accent { color: #f0ab8e !important; }\n        .ink .title a { color: #ece4d9 !important; }\n        .btn table td, .btn a, .btn p { background-color: #f0ab8e !important; color: #2a150d !important; }\n        .rule p { border-top-color: #41382f !important; }\n      }\n      @media print { .no-print { display: none !important; } }</style><meta name=\"color-scheme\" content=\"light dark\" /><meta name=\"supported-color-schemes\" content=\"light dark\" /></head><body style=\"word-spacing:normal;background-color:#f2ede4;\"><div lang=\"en\" dir=\"ltr\" style=\"display:none;font-size:1px;line-height:1px;max-height:0px;max-width:0px;opacity:0;overflow:hidden;\">Some children lie awake with worries that grow in the dark, and no night light is bright enough for them.… ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏  ­͏ </div><div aria-label=\"Worries at Bedtime\" class=\"page\" role=\"article\" lang=\"en\" dir=\"ltr\" style=\"background-color:#f2ede4;\"><!--[if mso | IE]><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" bgcolor=\"#f2ede4\" align=\"center\" width=\"600\" class=\"ground-outlook\" style=\"width:600px;\"><tr><td style=\"line-height:0px;font-size:0px;mso-line-height-rule:exactly;\"><![endif]--><div class=\"ground\" style=\"background:#f2ede4;background-color:#f2ede4;margin:0px auto;max-width:600px;\"><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" align=\"center\" style=\"background:#f2ede4;background-color:#f2ede4;width:100%;\"><tbody><tr><td style=\"direction:ltr;font-size:0px;padding:36px 0 28px;text-align:left;\"><!--[if mso | IE]><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\"><tr><td style=\"vertical-align:top;width:600px;\"><![endif]--><div class=\"mj-outlook-group-fix mj-column-per-100\" style=\"font-size:0px;text-align:left;direction:ltr;display:inline-block;vertical-align:top;width:100%;\"><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" width=\"100%\" style=\"vertical-align:top;\"><tbody><tr><td align=\"center\" class=\"ink\" style=\"font-size:0px;padding:0 24px 6px;word-break:break-word;\"><div style=\"font-family:Georgia, Times New Roman, serif;font-size:28px;line-height:1.2;text-align:center;color:#2b2622;\">Kind Words</div></td></tr><tr><td align=\"center\" class=\"quiet\" style=\"font-size:0px;padding:0 24px;word-break:break-word;\"><div style=\"font-family:-apple-system, Segoe UI, Helvetica, Arial, sans-serif;font-size:14px;line-height:1.6;text-align:center;color:#6a6057;\">Issue 1 · November 23, 2026</div></td></tr></tbody></table></div><!--[if mso | IE]></td></tr></table><![endif]--></td></tr></tbody></table></div><!--[if mso | IE]></td></tr></table><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" bgcolor=\"#fffdf9\" align=\"center\" width=\"600\" class=\"paper-outlook\" style=\"width:600px;\"><tr><td style=\"line-height:0px;font-size:0px;mso-line-height-rule:exactly;\"><![endif]--><div class=\"paper\" style=\"background:#fffdf9;background-color:#fffdf9;margin:0px auto;max-width:600px;\"><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" align=\"center\" style=\"background:#fffdf9;background-color:#fffdf9;width:100%;\"><tbody><tr><td style=\"direction:ltr;font-size:0px;padding:40px 0 0;text-align:left;\"><!--[if mso | IE]><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\"><tr><td style=\"vertical-align:top;width:600px;\"><![endif]--><div class=\"mj-outlook-group-fix mj-column-per-100\" style=\"font-size:0px;text-align:left;direction:ltr;display:inline-block;vertical-align:top;width:100%;\"><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" width=\"100%\" style=\"vertical-align:top;\"><tbody><tr><td align=\"left\" class=\"ink lead-title\" style=\"font-size:0px;padding:0 32px 10px;word-break:break-word;\"><div style=\"font-family:Georgia, Times New Roman, serif;font-size:34px;line-height:1.2;text-align:left;color:#2b2622;\"><h1 class=\"title\" style=\"margin:0;font-size:inherit;line-height:1.2;font-weight:normal;\"><a href=\"https://blog.example.org/worries/\" style=\"color:#2b2622;text-decoration:none;\" dir=\"ltr\">Worries at Bedtime</a></h1></div></td></tr><tr><td align=\"left\" class=\"quiet\" style=\"font-size:0px;padding:0 32px 20px;word-break:break-word;\"><div style=\"font-family:-apple-system, Segoe UI, Helvetica, Arial, sans-serif;font-size:14px;line-height:1.6;text-align:left;color:#6a6057;\">November 21, 2026</div></td></tr><tr><td align=\"left\" class=\"ink body\" style=\"font-size:0px;padding:0 32px 8px;word-break:break-word;\"><div style=\"font-family:Georgia, Times New Roman, serif;font-size:17px;line-height:1.6;text-align:left;color:#2b2622;\"><div dir=\"ltr\" style=\"overflow-wrap:anywhere;\"><p style=\"margin:0 0 16px;\">Some children lie awake with worries that grow in the dark, and no night light is bright enough for them. (Worries at Bedtime)</p><p style=\"margin:0 0 16px;\">A worried child needs company before advice. Sit down on the edge of the bed and ask what the worry looks like. (Worries at Bedtime)</p><p style=\"margin:0 0 16px;\">When anxious thoughts have a shape and a name, a child can put them into a box until the morning comes. (Worries at Bedtime)</p><p style=\"margin:0 0 16px;\">It helps to breathe together, slowly, as if you were cooling a bowl of soup, and to count the breaths aloud. (Worries at Bedtime)</p></div></div></td></tr></tbody></table></div><!--[if mso | IE]></td></tr></table><![endif]--></td></tr></tbody></table></div><!--[if mso | IE]></td></tr></table><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" bgcolor=\"#fffdf9\" align=\"center\" width=\"600\" class=\"paper-outlook\" style=\"width:600px;\"><tr><td style=\"line-height:0px;font-size:0px;mso-line-height-rule:exactly;\"><![endif]--><div class=\"paper\" style=\"background:#fffdf9;background-color:#fffdf9;margin:0px auto;max-width:600px;\"><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" align=\"center\" style=\"background:#fffdf9;background-color:#fffdf9;width:100%;\"><tbody><tr><td style=\"direction:ltr;font-size:0px;padding:12px 0 16px;text-align:left;\"><!--[if mso | IE]><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\"><tr><td style=\"vertical-align:top;width:600px;\"><![endif]--><div class=\"mj-outlook-group-fix mj-column-per-100\" style=\"font-size:0px;text-align:left;direction:ltr;display:inline-block;vertical-align:top;width:100%;\"><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" width=\"100%\" style=\"vertical-align:top;\"><tbody><tr><td align=\"left\" class=\"quiet\" style=\"font-size:0px;padding:0 32px 4px;word-break:break-word;\"><div style=\"font-family:-apple-system, Segoe UI, Helvetica, Arial, sans-serif;font-size:14px;line-height:1.6;text-align:left;color:#6a6057;\"><h2 style=\"margin:0;font-size:14px;font-weight:bold;\">Books for this post</h2></div></td></tr></tbody></table></div><!--[if mso | IE]></td></tr></table><![endif]--></td></tr></tbody></table></div><!--[if mso | IE]></td></tr></table><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" bgcolor=\"#fffdf9\" align=\"center\" width=\"600\" class=\"paper-outlook\" style=\"width:600px;\"><tr><td style=\"line-height:0px;font-size:0px;mso-line-height-rule:exactly;\"><![endif]--><div class=\"paper\" style=\"background:#fffdf9;background-color:#fffdf9;margin:0px auto;max-width:600px;\"><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" align=\"center\" style=\"background:#fffdf9;background-color:#fffdf9;width:100%;\"><tbody><tr><td style=\"direction:ltr;font-size:0px;padding:0 24px 12px;text-align:left;\"><!--[if mso | IE]><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\"><tr><td class=\"card-outlook\" style=\"vertical-align:top;width:600px;\"><![endif]--><div class=\"mj-outlook-group-fix mj-column-per-100 card\" style=\"font-size:0px;text-align:left;direction:ltr;display:inline-block;vertical-align:top;width:100%;\"><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" width=\"100%\" style=\"border-collapse:separate;\"><tbody><tr><td style=\"background-color:#f8f1e6;border-radius:8px;vertical-align:top;border-collapse:separate;padding:16px 0 8px;\"><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" width=\"100%\"><tbody><tr><td align=\"left\" class=\"ink\" style=\"font-size:0px;padding:0 16px 8px;word-break:break-word;\"><div style=\"font-family:Georgia, Times New Roman, serif;font-size:16px;line-height:1.5;text-align:left;color:#2b2622;\"><table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\"><tr><td width=\"88\" valign=\"top\" style=\"width:88px;padding-bottom:0;padding-right:16px;\"><table role=\"presentation\" class=\"cover\" width=\"72\" height=\"104\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" bgcolor=\"#8a3b22\" style=\"width:72px;height:104px;border-radius:4px;background-color:#8a3b22;\"><tr><td align=\"center\" valign=\"middle\" style=\"padding:6px 4px;font-size:12px;line-height:1.3;color:#ffffff;\" aria-hidden=\"true\">The Invisible String</td></tr></table></td><td valign=\"top\" style=\"text-align:left;\"><h3 style=\"margin:0;font-size:18px;line-height:1.3;font-weight:bold;\">The Invisible String</h3><p class=\"quiet\" style=\"margin:2px 0 8px;font-family:-apple-system, Segoe UI, Helvetica, Arial, sans-serif;font-size:14px;color:#6a6057;\">by <span dir=\"auto\">Patrice Karst</span> · <span style=\"white-space:nowrap;\">ages 4–8</span></p><p dir=\"auto\" style=\"margin:0 0 8px;\">Because this post speaks of worry and being afraid.</p><a class=\"accent\" href=\"https://bookshop.org/search?keywords=The+Invisible+String+Patrice+Karst\" style=\"font-family:-apple-system, Segoe UI, Helvetica, Arial, sans-serif;font-size:15px;font-weight:bold;color:#8a3b22;\" aria-label=\"See the book: The Invisible String\">See the book</a></td></tr></table></div></td></tr></tbody></table></td></tr></tbody></table></div><!--[if mso | IE]></td></tr></table><![endif]--></td></tr></tbody></table></div><!--[if mso | IE]></td></tr></table><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" bgcolor=\"#fffdf9\" align=\"center\" width=\"600\" class=\"paper-outlook\" style=\"width:600px;\"><tr><td style=\"line-height:0px;font-size:0px;mso-line-height-rule:exactly;\"><![endif]--><div class=\"paper\" style=\"background:#fffdf9;background-color:#fffdf9;margin:0px auto;max-width:600px;\"><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" align=\"center\" style=\"background:#fffdf9;background-color:#fffdf9;width:100%;\"><tbody><tr><td style=\"direction:ltr;font-size:0px;padding:0 0 24px;text-align:left;\"><!--[if mso | IE]><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\"><tr><td style=\"vertical-align:top;width:600px;\"><![endif]--><div class=\"mj-outlook-group-fix mj-column-per-100\" style=\"font-size:0px;text-align:left;direction:ltr;display:inline-block;vertical-align:top;width:100%;\"><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" width=\"100%\" style=\"vertical-align:top;\"><tbody><tr><td style=\"font-size:0px;word-break:break-word;\"><div style=\"height:8px;line-height:8px;\">&#8202;</div></td></tr></tbody></table></div><!--[if mso | IE]></td></tr></table><![endif]--></td></tr></tbody></table></div><!--[if mso | IE]></td></tr></table><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" bgcolor=\"#f2ede4\" align=\"center\" width=\"600\" class=\"ground-outlook\" style=\"width:600px;\"><tr><td style=\"line-height:0px;font-size:0px;mso-line-height-rule:exactly;\"><![endif]--><div class=\"ground\" style=\"background:#f2ede4;background-color:#f2ede4;margin:0px auto;max-width:600px;\"><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" align=\"center\" style=\"background:#f2ede4;background-color:#f2ede4;width:100%;\"><tbody><tr><td style=\"direction:ltr;font-size:0px;padding:28px 0 48px;text-align:left;\"><!--[if mso | IE]><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\"><tr><td style=\"vertical-align:top;width:600px;\"><![endif]--><div class=\"mj-outlook-group-fix mj-column-per-100\" style=\"font-size:0px;text-align:left;direction:ltr;display:inline-block;vertical-align:top;width:100%;\"><table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" width=\"100%\" style=\"vertical-align:top;\"><tbody><tr><td align=\"center\" class=\"quiet\" style=\"font-size:0px;padding:0 32px 16px;word-break:break-word;\"><div style=\"font-family:-apple-system, Segoe UI, Helvetica, Arial, sans-serif;font-size:13px;line-height:1.7;text-align:center;color:#6a6057;\"><div dir=\"auto\">You get this because you subscribed to <a href=\"https://blog.example.org/\" style=\"color:#6a6057;\">Kind Words</a>.<br />Sent by Lisa, 12 Main Street, Springfield<br /><a href=\"https://news.example.org/issues/1-worries-at-bedtime/\" style=\"color:#6a6057;\">Read this on the web</a> · <a href=\"https://unsubscribe.invalid/44f4832aee76103c\" style=\"color:#6a6057;\">Unsubscribe</a></div></div></td></tr></tbody></table></div><!--[if mso | IE]></td></tr></table><![endif]--></td></tr></tbody></table></div><!--[if mso | IE]></td></tr></table><![endif]-->  </div></body></html>\n","text":"Kind Words\nIssue 1 · November 23, 2026\n========================================================================\n\nWORRIES AT BEDTIME\nNovember 21, 2026\n\nSome children lie awake with worries that grow in the dark, and no night\nlight is bright enough for them. (Worries at Bedtime)\n\nA worried child needs company before advice. Sit down on the edge of the\nbed and ask what the worry looks like. (Worries at Bedtime)\n\nWhen anxious thoughts have a shape and a name, a child can put them into\na box until the morning comes. (Worries at Bedtime)\n\nIt helps to breathe together, slowly, as if you were cooling a bowl of\nsoup, and to count the breaths aloud. (Worries at Bedtime)\n\nRead it on the blog [1]\n\nBooks for this post\n\n* The Invisible String, Patrice Karst [2]\n  Because this post speaks of worry and being afraid.\n\n------------------------------------------------------------------------\n\nLinks\n[1] https://blog.example.org/worries/\n[2] https://bookshop.org/search?keywords=The+Invisible+String+Patrice+Karst\n\nRead this on the web: https://news.example.org/issues/1-worries-at-bedtime/\nUnsubscribe: https://unsubscribe.invalid/44f4832aee76103c\n\nYou get this because you subscribed to Kind Words.\nSent by Lisa, 12 Main Street, Springfield\n","unsubscribe":"https://unsubscribe.invalid/44f4832aee76103c","list_headers":[["List-Id","\"Kind Words\" <kind-words.news.example.org>"]]}','Lisa <letters@example.org>','lisa@example.org','2026-11-23T12:00:00.000000Z',2,'https://news.example.org/unsubscribe/','example.org',NULL,'2026-11-23T12:00:00.000000Z');
CREATE TABLE signals (
	provider VARCHAR(40) NOT NULL, 
	event VARCHAR(64) NOT NULL, 
	kind VARCHAR(20) NOT NULL, 
	permanent BOOLEAN NOT NULL, 
	address_hash VARCHAR(64) NOT NULL, 
	number INTEGER, 
	at VARCHAR(27) NOT NULL, 
	seen VARCHAR(27) NOT NULL, 
	words TEXT NOT NULL, host TEXT, 
	CONSTRAINT pk_signals PRIMARY KEY (provider, event)
);
CREATE TABLE signups (
	id INTEGER NOT NULL, 
	address TEXT NOT NULL, 
	address_key TEXT NOT NULL, 
	name TEXT, 
	topics TEXT NOT NULL, 
	words TEXT NOT NULL, 
	source TEXT NOT NULL, 
	asked VARCHAR(27) NOT NULL, 
	token VARCHAR(43) NOT NULL, 
	mail VARCHAR(10), 
	mailed VARCHAR(27), 
	mails INTEGER DEFAULT '0' NOT NULL, 
	done VARCHAR(27), 
	CONSTRAINT pk_signups PRIMARY KEY (id), 
	CONSTRAINT uq_signups_address_key UNIQUE (address_key), 
	CONSTRAINT uq_signups_token UNIQUE (token)
);
CREATE TABLE sources (
	name TEXT NOT NULL, 
	url TEXT NOT NULL, 
	address TEXT NOT NULL, 
	etag TEXT, 
	last_modified TEXT, 
	body_sha VARCHAR(64), 
	next_check VARCHAR(27) NOT NULL, 
	last_ok VARCHAR(27), 
	failures INTEGER NOT NULL, 
	problem TEXT, kind VARCHAR(40), cursor TEXT, moved TEXT, moves INTEGER DEFAULT '0' NOT NULL, read VARCHAR(27), 
	CONSTRAINT pk_sources PRIMARY KEY (name)
);
INSERT INTO "sources" VALUES('blog','https://blog.example.org/feed/','https://blog.example.org/feed/','7abf53793c66696d',NULL,'7abf53793c66696d35b48e1d352912b2079db49d148a2493909801a4a0eda648','2026-11-23T12:10:00.000000Z','2026-11-23T12:00:00.000000Z',0,NULL,'feed',NULL,NULL,0,'2026-11-23T12:00:00.000000Z');
CREATE TABLE subscribers (
	id INTEGER NOT NULL, 
	address TEXT NOT NULL, 
	address_key TEXT NOT NULL, 
	name TEXT, 
	state VARCHAR(20) NOT NULL, 
	consent TEXT NOT NULL, 
	since VARCHAR(27) NOT NULL, 
	token VARCHAR(43) NOT NULL, every VARCHAR(10) DEFAULT 'issue' NOT NULL, attributes TEXT, 
	CONSTRAINT pk_subscribers PRIMARY KEY (id), 
	CONSTRAINT uq_subscribers_address_key UNIQUE (address_key), 
	CONSTRAINT uq_subscribers_token UNIQUE (token)
);
INSERT INTO "subscribers" VALUES(1,'ann@example.org','ann@example.org',NULL,'active','told me so','2026-11-23T12:00:00.000000Z','BReQ0Xt73UaZtmqEhaDaH7f410qK1yL-sYkHPsC-ZSo','issue',NULL);
INSERT INTO "subscribers" VALUES(2,'ben@example.org','ben@example.org',NULL,'unsubscribed','told me so','2026-11-23T12:00:00.000000Z','61ZSTm6AFrXsw7EW06P6y7Nr9-qsaRGW4WjrdLS4590','issue',NULL);
CREATE TABLE suppressions (
	address_hash VARCHAR(64) NOT NULL, 
	reason VARCHAR(20) NOT NULL, 
	evidence TEXT NOT NULL, 
	at VARCHAR(27) NOT NULL, unmatched BOOLEAN DEFAULT 1 NOT NULL, 
	CONSTRAINT pk_suppressions PRIMARY KEY (address_hash)
);
INSERT INTO "suppressions" VALUES('9855b80bae1623e82f83b0bc75068906c01c48a5d2faac81cbed6840d2ee2a24','unsubscribed','wrote to me','2026-11-23T12:00:00.000000Z',0);
CREATE INDEX ix_batches_number_state ON batches (number, state);
CREATE INDEX ix_outcomes_batch ON outcomes (batch);
CREATE INDEX ix_entries_listed ON entries (listed);
CREATE INDEX ix_cleanings_post ON cleanings (post);
CREATE INDEX ix_consents_subscriber ON consents (subscriber);
CREATE INDEX ix_signals_address_hash ON signals (address_hash);
CREATE INDEX ix_signals_number ON signals (number);
CREATE INDEX ix_edits_issue ON edits (issue);
CREATE INDEX ix_batches_number_place ON batches (number, place);
CREATE INDEX ix_batches_state ON batches (state);
CREATE INDEX ix_outcomes_rejected ON outcomes (number) WHERE fate = 'rejected';
CREATE INDEX ix_posts_moment ON posts (moment, first_seen, title_key);
CREATE INDEX ix_posts_before ON posts ("before", first_seen);
CREATE INDEX ix_posts_settled_from ON posts (settled_from);
CREATE INDEX ix_entries_revision ON entries (revision);
CREATE INDEX ix_issues_created ON issues (created);
CREATE INDEX ix_issue_posts_number ON issue_posts (number);
CREATE INDEX ix_sendings_frozen ON sendings (frozen, audience);
CREATE INDEX ix_entries_pageless ON entries ("before") WHERE partial IS 1 AND (page_url IS NULL AND page_problem IS NULL OR page_next IS NOT NULL);
CREATE INDEX ix_posts_id ON posts (id, article_sha);
CREATE INDEX ix_posts_source ON posts (source, id) WHERE "before" IS 0;
CREATE INDEX ix_suppressions_unmatched ON suppressions (unmatched) WHERE unmatched IS 1;
COMMIT;
