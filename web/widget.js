// The widget: a button that opens a panel, or a panel in its place in the page, where a reader asks the bulletin.
//
//   <script src="https://the.server/widget.js" data-lang="fr" defer></script>   a button in the corner
//   <ask-bulletin inline lang="de"></ask-bulletin>                               a panel where this stands
//
// One custom element. Its shadow root keeps its looks and the page's apart; the page's policy needs to allow it no
// styles, only this script and connections to its server. Words of strangers become text nodes, never markup. Nothing
// is kept on the reader's disk: the last questions lie in memory, for follow-ups, and go with the page.
//
// web/widget.py puts in the words, the style sheet and whether answers can be rated, and takes these comments out.
(() => {
  const takesFeedback = FEEDBACK;
  const looks = STYLE;
  const examples = EXAMPLES;
  const words = WORDS;

  if (customElements.get("ask-bulletin")) return;
  const script = document.currentScript;
  // "." leaves out the file's name and what a site's own tools have hung on to it ("?ver=6.1").
  const server = new URL(".", script.src);
  const TURNS = 3; // earlier questions that a new one may lean on
  const PATIENCE_MS = 60_000; // an answer takes about a second; this is for one that never comes
  const LEGIBLE = 4.6; // contrast of text that WCAG 2.1 AA asks for, 4.5, and what rounding may take

  // Foreign text

  // As web/render.py has it: these show nothing, and can make a text read otherwise than it is.
  const INVISIBLE = /[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;
  const LINES = /\s*[\n\r\x0b\x0c\x85\u2028\u2029]\s*/g;
  const plain = (text) => `${text}`.replace(INVISIBLE, "").replace(LINES, "\n");

  const webAddress = (url) => (/^https?:\/\/[^/]/i.test(url) ? url : "");

  // Elements

  // Children that are strings become text; attributes that are functions listen. No foreign text names an attribute.
  const make = (tag, attributes, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === "function") element.addEventListener(name, value);
      else if (value !== undefined) element.setAttribute(name, value);
    }
    element.append(...children.filter(Boolean));
    return element;
  };

  const icon = (path) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    svg.append(document.createElementNS(svg.namespaceURI, "path"));
    svg.firstChild.setAttribute("d", path);
    return svg;
  };
  const iconButton = (name, path, attributes) =>
    make("button", { class: "icon", type: "button", "aria-label": name, title: name, ...attributes }, icon(path));
  const SPEECH = "M4 5h16v11H11l-4.5 4v-4H4zM8 9h8M8 12.5h5";
  const CROSS = "M6 6l12 12M18 6L6 18";
  const AFRESH = "M12 5v14M5 12h14";
  const THUMB = "M7 11v9H4v-9zl4-7.5c1.6 0 2.5 1 2.5 2.5v4h5c1.3 0 2 .9 1.8 2l-1.3 6.3c-.2 1-1 1.7-2 1.7H7";

  // The server

  const post = async (path, body, signal) => {
    const response = await fetch(new URL(path, server), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      credentials: "omit",
      referrerPolicy: "no-referrer",
      signal,
    });
    if (response.ok) return response;
    throw problem(await response.json().catch(() => ({})), Number(response.headers.get("Retry-After")));
  };

  const problem = ({ error }, wait) => Object.assign(new Error(error?.type), { type: error?.type ?? "failure", wait });

  // Server-sent events, read from the body of a POST, which EventSource cannot do.
  async function* events(body) {
    const reader = body.getReader();
    const decoder = new TextDecoder();
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (text + decoder.decode(value, { stream: true })).split(/\r?\n\r?\n/);
      text = blocks.pop();
      for (const block of blocks) {
        const field = (name) => block.match(new RegExp(`^${name}: ?(.*)`, "m"))?.[1];
        if (field("data")) yield [field("event"), JSON.parse(field("data"))];
      }
    }
  }

  // The answer; `reading` hears of the articles before it. Where a stream cannot be read to its end (an old browser, a
  // proxy that cuts it) the question is asked once more, plainly.
  const answerTo = async (asked, reading, signal) => {
    const { body } = await post("api/ask/stream", asked, signal);
    try {
      for await (const [event, data] of events(body)) {
        if (event === "sources") reading(data.sources);
        if (event === "error") throw problem(data);
        if (event === "answer") return data;
      }
    } catch (error) {
      if (error.type || signal.aborted) throw error;
    }
    return (await post("api/ask", asked, signal)).json();
  };

  // Colours

  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (light + 0.05) / (dark + 0.05);
  };
  const BLACK = [0, 0, 0];
  const WHITE = [1, 1, 1];
  const PAPER = [0.984, 0.98, 0.969];
  const DARK_CARD = [0.102, 0.133, 0.149];

  // `colour`, moved towards `end` until it can be read on `ground`.
  const legible = (colour, ground, end) => {
    let mixed = colour;
    for (let share = 0; contrast(mixed, ground) < LEGIBLE; share += 0.05) {
      mixed = colour.map((v, i) => v + (end[i] - v) * share);
    }
    return mixed;
  };

  const css = (rgb) => `rgb(${rgb.map((v) => Math.round(v * 255))})`;

  // Sets a site's own colour, whatever it is: as it is under text, which is white or black, and legible as text.
  const paint = (widget, colour) => {
    // A mixture of it with itself is computed in one notation, whatever it was written in.
    widget.style.color = `color-mix(in srgb, ${colour}, ${colour})`;
    const numbers = getComputedStyle(widget).color.match(/^color\(srgb\s([-\d.e]+)\s([-\d.e]+)\s([-\d.e]+)/);
    widget.style.color = "";
    if (!numbers) return;
    const accent = numbers.slice(1).map((v) => Math.min(1, Math.max(0, v)));
    const set = (name, rgb) => widget.style.setProperty(name, css(rgb));
    set("--accent", accent);
    set("--on-accent", contrast(accent, WHITE) >= LEGIBLE ? WHITE : BLACK);
    set("--link-light", legible(accent, PAPER, BLACK));
    set("--link-dark", legible(accent, DARK_CARD, WHITE));
  };

  // The element

  class AskBulletin extends HTMLElement {
    #lang; // the interface's, one of those in `words`
    #words;
    #inline;
    #widget;
    #opener;
    #panel;
    #again;
    #log;
    #welcome;
    #notice;
    #box;
    #send;
    #asked = []; // the last questions, oldest first
    #request = null; // what aborts the question being answered

    connectedCallback() {
      if (this.shadowRoot) return; // moved within the page
      const wanted = [this.closest("[lang]")?.lang, document.documentElement.lang, navigator.language, "fr"];
      this.#lang = wanted.map((tag) => `${tag}`.split("-")[0].toLowerCase()).find((lang) => lang in words);
      this.#words = words[this.#lang];
      this.#inline = this.hasAttribute("inline");
      this.#build();
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(looks);
      const root = this.attachShadow({ mode: "open" });
      root.adoptedStyleSheets = [sheet];
      root.append(this.#widget);
      if (this.hasAttribute("colour")) paint(this.#widget, this.getAttribute("colour"));
    }

    #build() {
      this.#buildPanel();
      const side = this.getAttribute("position") === "left" ? "left" : "right";
      this.#widget = make("div", {
        class: `widget ${side}`,
        lang: this.#lang,
        dir: "ltr",
        keydown: (event) => this.#key(event),
      });
      // A page that listens for single keys sees them come from <ask-bulletin>, not from a box that is written in.
      for (const type of ["keypress", "keyup"]) this.#widget.addEventListener(type, (event) => event.stopPropagation());
      if (!this.#inline) {
        const toggle = () => this.#show(this.#panel.hidden);
        const state = { class: "opener", type: "button", "aria-expanded": false, "aria-controls": "panel" };
        this.#opener = make("button", { ...state, click: toggle }, icon(SPEECH), this.#words.title);
        this.#widget.append(this.#opener);
      }
      this.#widget.append(this.#panel);
    }

    #buildPanel() {
      const label = { role: this.#inline ? "region" : "dialog", "aria-labelledby": "title" };
      this.#log = make("div", {
        class: "log",
        role: "log",
        "aria-live": "polite",
        "aria-label": this.#words.conversation,
        tabindex: 0,
      });
      this.#welcome = this.#buildWelcome();
      this.#log.append(this.#welcome);
      this.#panel = make(
        "div",
        { id: "panel", class: "panel", ...label, focusout: (event) => this.#left(event.relatedTarget) },
        this.#buildHeader(),
        this.#log,
        this.#buildDock(),
      );
      this.#panel.hidden = !this.#inline;
    }

    #buildHeader() {
      this.#again = iconButton(this.#words.new, AFRESH, { hidden: "", click: () => this.#beginAgain() });
      const close = !this.#inline && iconButton(this.#words.close, CROSS, { click: () => this.#show(false) });
      return make("header", {}, make("h2", { id: "title" }, this.#words.title), this.#again, close);
    }

    #buildWelcome() {
      const chips = examples.map(([lang, question]) =>
        make("button", { class: "secondary", type: "button", lang, click: () => this.#ask(question) }, question),
      );
      const greeting = plain(this.getAttribute("greeting") || this.#words.welcome);
      return make(
        "div",
        { class: "welcome" },
        make("p", {}, greeting),
        make("p", {}, this.#words.welcome_more),
        ...chips,
      );
    }

    #buildDock() {
      const { question_label, placeholder, send, footer } = this.#words;
      this.#notice = make("p", { class: "notice", role: "alert" });
      this.#box = make("textarea", { rows: 1, "aria-label": question_label, placeholder, input: () => this.#grow() });
      this.#send = make("button", { class: "send", type: "submit" }, send);
      const submit = (event) => {
        event.preventDefault();
        this.#ask(this.#box.value);
      };
      const composer = make("form", { class: "composer", submit }, this.#box, this.#send);
      return make("div", { class: "dock" }, this.#notice, composer, make("p", { class: "note" }, footer));
    }

    #show(open) {
      this.#panel.hidden = !open;
      this.#opener.setAttribute("aria-expanded", open);
      if (open) this.#fit();
      const listen = open ? "addEventListener" : "removeEventListener";
      for (const type of ["resize", "scroll"]) visualViewport[listen](type, this.#fit);
      (open ? this.#box : this.#opener).focus({ preventScroll: true });
    }

    // Who goes on to what a panel covers is to see it.
    #left(to) {
      if (to && this.#panel.ariaModal === "true" && !this.#panel.contains(to)) this.#show(false);
    }

    // On a phone the panel covers the page, and fills what the keyboard on the screen leaves free, unless the reader has
    // zoomed in.
    #fit = () => {
      this.#panel.ariaModal = matchMedia("(max-width: 30em), (max-height: 30em)").matches; // as in widget.css
      if (visualViewport.scale > 1) return;
      this.#widget.style.setProperty("--top", `${visualViewport.offsetTop}px`);
      this.#widget.style.setProperty("--height", `${visualViewport.height}px`);
    };

    #key(event) {
      event.stopPropagation();
      if (event.isComposing) return;
      if (event.key === "Escape" && !this.#inline && !this.#panel.hidden) this.#show(false);
      if (event.key === "Enter" && !event.shiftKey && event.target === this.#box) {
        event.preventDefault();
        this.#ask(this.#box.value);
      }
    }

    #grow() {
      this.#box.style.height = "auto";
      this.#box.style.height = `${this.#box.scrollHeight}px`;
    }

    #write(text) {
      this.#box.value = text;
      this.#grow();
    }

    #beginAgain() {
      this.#request?.abort();
      this.#setRequest(null);
      this.#asked = [];
      this.#log.replaceChildren(this.#welcome);
      this.#again.hidden = true;
      this.#notice.textContent = "";
      this.#box.focus();
    }

    #setRequest(request) {
      this.#request = request;
      this.#send.setAttribute("aria-disabled", Boolean(request));
    }

    // Shows the question at once, the articles while they are read, then the answer; a question that could not be
    // answered goes back into the box.
    async #ask(question) {
      if (this.#request) return;
      this.#notice.textContent = "";
      if (!question.trim()) {
        this.#notice.textContent = this.#words.empty;
        return;
      }
      const request = new AbortController();
      const patience = setTimeout(() => request.abort(), PATIENCE_MS);
      this.#setRequest(request);
      const turns = [...this.#asked];
      const waiting = make("div", {}, make("p", { class: "waiting" }, this.#words.waiting));
      const exchange = this.#begin(question, waiting);
      const langs = {}; // of the articles
      try {
        const reading = (articles) => {
          for (const { article_id, lang } of articles) langs[article_id] = lang;
          waiting.append(this.#reading(articles));
        };
        const answer = await answerTo({ question, turns }, reading, request.signal);
        if (request !== this.#request) return;
        waiting.replaceWith(this.#reply(answer, langs), takesFeedback ? this.#rating(question, turns) : "");
        this.#asked = [...turns, question].slice(-TURNS);
        this.#scrollTo(exchange);
      } catch (error) {
        if (request !== this.#request) return; // a new conversation has begun
        const hadFocus = exchange.contains(this.shadowRoot.activeElement);
        exchange.remove();
        this.#log.firstChild ?? this.#log.append(this.#welcome);
        this.#again.hidden = this.#welcome.isConnected;
        this.#notice.textContent = this.#why(error);
        if (!this.#box.value) this.#write(question);
        if (hadFocus) this.#box.focus();
      } finally {
        clearTimeout(patience);
        if (request === this.#request) this.#setRequest(null);
      }
    }

    #begin(question, waiting) {
      const before = make("span", { class: "unseen" }, `${this.#words.you_asked} `);
      const exchange = make(
        "div",
        { class: "exchange", tabindex: -1 },
        make("p", { class: "asked" }, before, plain(question)),
        waiting,
      );
      this.#welcome.remove();
      this.#log.append(exchange);
      this.#again.hidden = false;
      this.#write("");
      // With a finger, the keyboard on the screen goes and leaves room for the answer.
      (matchMedia("(pointer: coarse)").matches ? exchange : this.#box).focus({ preventScroll: true });
      this.#scrollTo(exchange);
      return exchange;
    }

    #scrollTo(exchange) {
      this.#log.scrollTop = exchange.offsetTop - this.#log.firstChild.offsetTop;
    }

    // In words: an error of the API's, or that the API was not reached.
    #why({ type, wait }) {
      const { again, soon, failure, unreachable } = this.#words;
      if (!type) return unreachable;
      const kind = ["too_large", "invalid"].includes(type) ? "too_long" : type;
      const later = ["rate_limited", "busy", "unavailable"].includes(kind);
      return (
        (this.#words[kind] ?? failure) + (later ? ` ${again.replace("{when}", wait > 0 ? this.#in(wait) : soon)}` : "")
      );
    }

    #in(seconds) {
      const [count, unit] = seconds > 90 ? [seconds / 60, "minute"] : [seconds, "second"];
      return new Intl.RelativeTimeFormat(this.#lang).format(Math.ceil(count), unit);
    }

    // Not read out: a reader who hears the page waits for the answer, not for six titles.
    #reading(articles) {
      const titles = articles.map(({ title, lang }) => make("li", { lang }, plain(title)));
      return make(
        "div",
        { class: "reading", "aria-live": "off" },
        make("p", {}, this.#words.reading),
        make("ul", {}, ...titles),
      );
    }

    #reply({ lang, status, answer, citations }, langs) {
      if (status === "refused") {
        const hint = make("p", { class: "hint" }, words[lang].rephrase);
        return make("div", { class: "refusal", lang }, make("p", {}, plain(answer)), hint);
      }
      // The answer is a sentence around its quotes; each gets a block of its own, and so no quotation marks.
      const parts = [];
      const others = [];
      let rest = answer;
      let cut = false;
      for (const citation of citations) {
        const [before, ...after] = rest.split(citation.quote);
        const quotation = this.#quotation(citation, langs[citation.article_id] ?? "fr");
        if (after.length) {
          parts.push(this.#frame(before, cut, true), quotation);
          rest = after.join(citation.quote);
          cut = true;
        } else others.push(quotation);
      }
      parts.push(this.#frame(rest, cut, false));
      if (others.length) parts.push(make("p", { class: "frame", lang: this.#lang }, this.#words.see_also), ...others);
      return make("div", { class: "reply", lang }, ...parts);
    }

    // Without the quotation marks on a side where a quote was cut out; a title between such marks keeps its own.
    #frame(text, cutBefore, cutBehind) {
      const begun = cutBefore ? text.replace(/^[\s»”“"'.]+/, "") : text;
      const bare = (cutBehind ? begun.replace(/[\s«“„"']+$/, "") : begun).trim();
      return bare && make("p", { class: "frame" }, plain(bare));
    }

    #quotation(citation, lang) {
      // Offsets count code points, as Python does; a string of this language counts halves of some.
      const quote = Array.from(citation.quote);
      const [a, b] = [citation.answer_start - citation.start, citation.answer_end - citation.start];
      const part = (from, to) => plain(quote.slice(from, to).join(""));
      const marked = 0 <= a && a < b && b <= quote.length && b - a < quote.length;
      const text = marked ? [part(0, a), make("strong", {}, part(a, b)), part(b)] : [part(0)];
      return make("blockquote", {}, make("p", { class: "words", lang }, ...text), this.#origin(citation, lang));
    }

    #origin({ article_id, title, url, date, section, start, quote, link }, lang) {
      const cited = new URLSearchParams({ start, quote });
      const ours = new URL(`articles/${encodeURIComponent(article_id)}?${cited}#cited`, server);
      const href = webAddress(link) || webAddress(url) || ours;
      const newTab = make("span", { class: "unseen" }, ` (${this.#words.new_tab})`);
      return make(
        "p",
        { class: "origin", lang: this.#lang },
        make("a", { href, target: "_blank", rel: "noopener" }, make("cite", { lang }, plain(title)), newTab),
        make(
          "span",
          { class: "when" },
          date && make("time", { datetime: date }, this.#date(date)),
          section && make("span", { class: "section", lang }, plain(section)),
        ),
      );
    }

    #date(date) {
      const parts = { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" };
      return new Date(date).toLocaleDateString(this.#lang === "en" ? "en-GB" : this.#lang, parts);
    }

    #rating(question, turns) {
      const t = this.#words;
      let verdict;
      const comment = make("textarea", { rows: 2, maxlength: 1000, "aria-label": t.comment, placeholder: t.comment });
      const problem = make("p", { class: "notice", role: "alert" });
      const send = make("button", { class: "secondary", type: "submit" }, t.send);
      const submit = async (event) => {
        event.preventDefault();
        send.disabled = true;
        problem.textContent = "";
        try {
          await post("api/feedback", { question, turns, verdict, comment: comment.value });
          const thanks = make("p", { class: "rating", tabindex: -1 }, t.thanks);
          rating.replaceWith(thanks);
          thanks.focus();
        } catch (error) {
          send.disabled = false;
          problem.textContent = this.#why(error);
        }
      };
      const form = make("form", { submit, hidden: "" }, comment, make("p", {}, t.rating_kept), problem, send);
      const thumb = (value) => {
        const click = () => {
          verdict = value;
          for (const each of thumbs) each.setAttribute("aria-pressed", each.classList.contains(value));
          form.hidden = false;
          form.scrollIntoView({ block: "nearest" });
        };
        return iconButton(t[value], THUMB, { class: `icon ${value}`, "aria-pressed": false, click });
      };
      const thumbs = [thumb("up"), thumb("down")];
      const rating = make(
        "div",
        { class: "rating" },
        make("div", { class: "thumbs" }, make("p", {}, t.rate), ...thumbs),
        form,
      );
      return rating;
    }
  }
  customElements.define("ask-bulletin", AskBulletin);

  // A button in the corner, unless the page says where it wants the assistant.
  const place = () => {
    if (document.querySelector("ask-bulletin")) return;
    const { lang, position, colour, greeting } = script.dataset;
    document.body.append(make("ask-bulletin", { lang, position, colour, greeting }));
  };
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", place);
  else place();
})();
