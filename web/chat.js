// What Gradio's page leaves undone for a reader: names for assistive technology, links inside the page, and where
// the eye lands after an answer. Runs before Gradio draws; everything here may be missing without harm to an answer.
(() => {
  const words = WORDS; // put in by web/serving.py: {lang: {conversation, busy, …}}
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const narrow = matchMedia("(max-width: 899px)");
  const ask = window.fetch.bind(window);
  let shown = 0;
  let thanked = "";
  let late;

  const say = () => words[document.documentElement.lang.slice(0, 2)] ?? words.en;

  const tidy = () => {
    const root = document.documentElement;
    // Gradio shows English to readers of a language we have no texts for; say so to screen readers.
    if (!(root.lang.slice(0, 2) in words)) root.lang = "en";
    const log = document.querySelector("#log [role=log]");
    if (log) {
      // Its scrollbar is the keyboard's too, once there is something to scroll.
      log.tabIndex = log.querySelector(".message-row") ? 0 : -1;
      log.setAttribute("aria-label", words[root.lang.slice(0, 2)].conversation);
    }
    // Gradio labels each message with its own source, tags and all, which hides the text from screen readers.
    for (const message of document.querySelectorAll("#log [data-testid][aria-label]")) {
      message.removeAttribute("aria-label");
    }
    for (const chip of document.querySelectorAll(".chip")) chip.lang = chip.id.slice(-2);
    const heading = document.querySelector("h1");
    if (heading && document.title !== heading.textContent) document.title = heading.textContent;
    drawFilters();
    drawStatus();
    follow();
    thank();
    if (document.querySelector("#notice [role=alert]")) queued(false);
  };

  // What was pressed has gone from the page, and the keyboard's place with it: go on from `element`.
  const goOn = (element) => {
    if (!element || (document.activeElement && document.activeElement !== document.body)) return;
    if (element.tabIndex < 0) element.tabIndex = -1;
    element.focus({ preventScroll: true });
  };

  // Screen readers say what changes in a live region that was there before; one that comes with its text they do not.
  const status = () => document.getElementById("status");

  const drawStatus = () => {
    const dock = document.getElementById("dock");
    if (dock && !status()) dock.prepend(make("p", { id: "status", class: "unseen", role: "status" }));
  };

  const thank = () => {
    const thanks = document.getElementById("thanks");
    const text = thanks?.textContent.trim() ?? "";
    // Both a thumb and the word after it are thanked for, in the same words: the word's field tells them apart.
    const state = text && `${text} ${Boolean(document.getElementById("more"))}`;
    if (state === thanked) return;
    thanked = state;
    if (!text) return;
    status().textContent = "";
    requestAnimationFrame(() => (status().textContent = text));
    goOn(thanks);
  };

  // A question that waits behind others' is in no page yet; without a word it would seem lost.
  const queued = (waits) => {
    clearTimeout(late);
    if (waits) late = setTimeout(() => showQueued(true), 400);
    else showQueued(false);
  };

  const showQueued = (waits) => {
    if (!status() || waits === !status().classList.contains("unseen")) return;
    status().classList.toggle("unseen", !waits);
    status().textContent = waits ? say().waiting : "";
  };

  // The filters: native fields in a disclosure above the question box. What they hold goes with the question, as JSON
  // in a field of Gradio's that is not shown.
  const make = (tag, attributes, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };

  const drawFilters = () => {
    const carrier = document.querySelector("#filters-set input, #filters-set textarea");
    const composer = document.getElementById("composer");
    if (!carrier || !composer || document.getElementById("filters")) return;
    carrier.tabIndex = -1;
    const texts = say();
    const section = make("select", { id: "filter-section" }, make("option", { value: "" }, texts.any_section));
    const date = (name) =>
      make("input", { id: `filter-${name}`, type: "text", maxlength: 40, autocomplete: "off", "aria-describedby": "filter-form" });
    const since = date("since");
    const until = date("until");
    const clear = make("button", { type: "button", class: "secondary" }, texts.clear);
    const label = (text, field) => make("label", { for: field.id }, text, field);
    const summary = make("summary", {}, texts.filters);
    const fields = make(
      "div",
      { class: "fields" },
      label(texts.section, section),
      label(texts.since, since),
      label(texts.until, until),
      clear,
      make("p", { id: "filter-form" }, texts.date_form),
    );
    const filters = make("details", { id: "filters" }, summary, fields);
    const tell = () => {
      const set = { section: section.value, since: since.value.trim(), until: until.value.trim() };
      const some = Object.values(set).filter(Boolean);
      carrier.value = some.length ? JSON.stringify(set) : "";
      carrier.dispatchEvent(new Event("input", { bubbles: true }));
      summary.textContent = some.length ? `${texts.filters_on}: ${some.join(" · ")}` : texts.filters;
      filters.classList.toggle("set", some.length > 0);
    };
    filters.addEventListener("input", tell);
    clear.addEventListener("click", () => {
      section.value = since.value = until.value = "";
      tell();
      summary.focus();
    });
    composer.before(filters);
    ask(new URL("sections", document.baseURI))
      .then((reply) => reply.json())
      .then(({ sections }) => section.append(...sections.map((name) => make("option", { value: name }, name))))
      .catch(() => {}); // then there is only "all sections"
  };

  // A new question goes to the top of what can be seen, its answer below it.
  const follow = () => {
    const questions = document.querySelectorAll("#log .user-row");
    if (questions.length === shown) return;
    const more = questions.length > shown;
    shown = questions.length;
    queued(false);
    const box = document.querySelector("#box textarea");
    if (more) {
      document.getElementById("filters")?.removeAttribute("open"); // its summary says what is set
      scrollTo(questions[shown - 1]);
      goOn(narrow.matches ? document.querySelector("#log [role=log]") : box); // a phone's keyboard would cover the answer
    } else if (!shown) {
      window.scrollTo({ top: 0 });
      if (!narrow.matches) box?.focus();
      else goOn(document.querySelector("#examples h2"));
    }
  };

  const scrollTo = (element) => {
    element.scrollIntoView({ block: "start", behavior: calm.matches ? "auto" : "smooth" });
  };

  // Gradio sets <base>, so that a plain "#source-1" would load the page anew wherever its address has a query.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#source-"]');
    const card = link && document.getElementById(link.getAttribute("href").slice(1));
    if (!link) return;
    event.preventDefault();
    if (!card) return;
    card.focus({ preventScroll: true });
    card.scrollIntoView({ block: narrow.matches ? "start" : "nearest", behavior: calm.matches ? "auto" : "smooth" });
  });

  // A question or a thumb that the server turns away (too many at once, or from one address), or that does not reach one,
  // never reaches the page's own code.
  window.fetch = async (...request) => {
    const sent = ask(...request);
    const address = String(request[0]?.url ?? request[0]);
    if (/\/queue\/join|\/run\/predict/.test(address)) {
      sent.then(turnedAway, () => turnedAway(new Response(null, { status: 502 })));
    }
    if (address.includes("/queue/join")) sent.then((reply) => queued(reply.ok), () => {});
    return sent;
  };
  window.addEventListener("offline", () => turnedAway(new Response(null, { status: 502 })));

  const turnedAway = async (reply) => {
    document.getElementById("turned-away")?.remove();
    if (!reply.ok) queued(false);
    const usual = reply.ok ? undefined : ({ 429: "rate_limited", 503: "busy" }[reply.status] ?? "unavailable");
    const dock = usual && document.getElementById("dock");
    if (!dock) return;
    const { error } = await reply.clone().json().catch(() => ({}));
    const { [error?.type]: known } = words.en;
    const reason = known ? error.type : usual; // Gradio's own words have no type, and not every type has words
    const { again, soon, [reason]: why } = say();
    const after = Number(reply.headers.get("retry-after"));
    const when = after ? new Intl.RelativeTimeFormat(document.documentElement.lang).format(after, "second") : soon;
    const notice = document.createElement("p");
    notice.id = "turned-away";
    notice.className = "notice";
    notice.setAttribute("role", "alert");
    notice.textContent = `${why} ${again.replace("{when}", when)}`;
    dock.prepend(notice);
  };

  let waiting = false;
  new MutationObserver(() => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      tidy();
    });
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
