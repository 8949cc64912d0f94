// @ts-check
/**
 * The feature browser: search, narrow by facets, pick. All it knows of the catalogue comes from
 * the kernel, at most one page of rows at a time.
 *
 * @typedef {{ picked: string[], snippet: string, text: string }} Model  the synced traits of browse.py
 * @typedef {{ name: string, type: string, owner: string, description: string, tags: string[],
 *   entities: string[], formula: string, unit: string, mark: string }} Row
 * @typedef {{ counts: number[], low: string, high: string, nulls: string }} Bins
 * @typedef {{ value: string, count: number }} Choice
 * @typedef {{ total: number, rows: Row[], facets: Record<string, Choice[]> }} Page
 * @typedef {{ name: string, about: string, facts: [string, string][], code: string }} Card
 * @typedef {{ search: { text: string, kept: Record<string, string>, start: number },
 *   bins: { names: string[] }, card: { name: string } }} Requests
 * @typedef {{ search: Page, bins: Record<string, Bins>, card: Card }} Replies
 */

const FACETS = ["entity", "type", "owner", "tag", "view", "source", "status", "sensitivity", "unit"];
const PAUSE_MS = 120; // after the last key, before the kernel is asked
const SHOWN = 6; // choices of a facet before "more"

/** @type {import("@anywidget/types").Render<Model>} */
function render({ model, el }) {
  const kernel = connect(model);
  const parts = build(model.get("text"));
  /** @type {{ kept: Record<string, string>, rows: Row[], total: number, active: number, open: Set<string> }} */
  const state = { kept: {}, rows: [], total: 0, active: 0, open: new Set() };
  /** @type {Map<string, Bins>} */
  const bins = new Map();
  let timer = 0;
  let waiting = 0;
  let turn = 0;

  /** @param {boolean} more  the next page, below the rows that are there */
  async function search(more = false) {
    const start = more ? state.rows.length : 0;
    parts.root.setAttribute("aria-busy", "true");
    try {
      const page = await kernel.ask("search", { text: parts.search.value, kept: state.kept, start });
      if (page === null) return; // a newer question was asked meanwhile
      state.rows = more ? [...state.rows, ...page.rows] : page.rows;
      state.total = page.total;
      if (!more) state.active = 0;
      say("");
      drawFacets(page.facets);
      drawRows(start);
      parts.root.setAttribute("aria-busy", "false");
      await Promise.all([describe(), draw(page.rows)]);
    } catch (error) {
      parts.root.setAttribute("aria-busy", "false");
      say(error instanceof Error ? error.message : String(error));
    }
  }

  /** @param {string} message */
  function say(message) {
    parts.alert.textContent = message;
    parts.alert.hidden = !message;
  }

  /** @param {Record<string, Choice[]>} facets */
  function drawFacets(facets) {
    const focused = /** @type {HTMLElement | null} */ (parts.facets.querySelector(":focus"));
    const key = focused?.dataset.key;
    parts.facets.replaceChildren(
      ...FACETS.filter((name) => facets[name]?.length).map((name) => facet(name, facets[name])),
    );
    const again = [...parts.facets.querySelectorAll("button")].find((b) => b.dataset.key === key);
    if (key) again?.focus();
  }

  /** @param {string} name @param {Choice[]} choices */
  function facet(name, choices) {
    const group = node("fieldset", "facet");
    group.append(node("legend", "", name));
    const kept = state.kept[name];
    const all = state.open.has(name);
    const shown = choices.filter((c, i) => all || i < SHOWN || c.value === kept);
    for (const { value, count } of shown) {
      const button = node("button", "choice");
      button.type = "button";
      button.dataset.key = `${name}=${value}`;
      button.setAttribute("aria-pressed", String(value === kept));
      button.setAttribute("aria-label", `${name} ${value}, ${count} features`);
      button.append(node("span", "value", value), node("span", "count", String(count)));
      button.addEventListener("click", () => {
        if (value === kept) delete state.kept[name];
        else state.kept[name] = value;
        search();
      });
      group.append(button);
    }
    if (choices.length > SHOWN) {
      const more = node("button", "more", all ? "fewer" : `${choices.length - SHOWN} more`);
      more.type = "button";
      more.dataset.key = `${name}:more`;
      more.setAttribute("aria-expanded", String(all));
      more.setAttribute("aria-label", `${more.textContent} of ${name}`);
      more.addEventListener("click", () => {
        if (all) state.open.delete(name);
        else state.open.add(name);
        search();
      });
      group.append(more);
    }
    return group;
  }

  /** @param {number} start  index of the first row to draw; those before stay */
  function drawRows(start) {
    const options = state.rows.slice(start).map((row, i) => option(row, start + i));
    if (start) parts.list.append(...options);
    else parts.list.replaceChildren(...options);
    const n = state.rows.length;
    const noun = state.total === 1 ? "feature" : "features";
    parts.found.textContent = n < state.total ? `${n} of ${state.total} features` : `${n} ${noun}`;
    parts.empty.hidden = n > 0;
    parts.more.hidden = n >= state.total;
    drawPicked();
    if (!start) parts.list.scrollTop = 0;
  }

  /** @param {Row} row @param {number} index */
  function option(row, index) {
    const item = node("div", "row");
    item.setAttribute("role", "option");
    item.setAttribute("aria-label", row.mark ? `${row.name}, ${row.mark}` : row.name);
    item.dataset.name = row.name;
    item.tabIndex = index === state.active ? 0 : -1;
    const mark = node("span", "mark");
    mark.setAttribute("aria-hidden", "true");
    const dot = row.name.lastIndexOf(".");
    const title = node("div", "title");
    title.append(breakable("span", row.name.slice(0, dot + 1)), breakable("b", row.name.slice(dot + 1)));
    const words = node("div", "words");
    words.append(title, node("div", "about", row.description));
    words.append(node("div", "formula", row.formula));
    const facts = node("div", "facts");
    const type = row.unit ? `${row.type}, ${row.unit}` : row.type;
    facts.append(node("span", "type", type), node("span", "owner", row.owner));
    if (row.mark) facts.append(node("span", "marked", row.mark));
    const spark = node("div", "spark");
    item.title = [`entity ${row.entities.join(", ")}`, ...row.tags.map((tag) => `#${tag}`)].join("  ");
    item.append(mark, words, facts, spark);
    item.addEventListener("click", () => {
      focus(index);
      toggle(row.name);
    });
    return item;
  }

  /**
   * Histograms, view by view, so that a search in between need not wait for all of them.
   *
   * @param {Row[]} page
   */
  async function draw(page) {
    const mine = ++turn;
    /** @type {Map<string, string[]>} */
    const views = new Map();
    for (const { name } of page) {
      const view = name.slice(0, name.lastIndexOf("."));
      if (!bins.has(name)) views.set(view, [...(views.get(view) ?? []), name]);
    }
    fill();
    for (const names of views.values()) {
      const found = await kernel.ask("bins", { names });
      if (found === null || mine !== turn) return;
      for (const [name, one] of Object.entries(found)) bins.set(name, one);
      fill();
    }
  }

  function fill() {
    for (const item of [...rows(), parts.detail]) {
      const found = bins.get(String(item.dataset.name));
      const spark = item.querySelector(".spark");
      if (found && spark && !spark.firstChild) spark.append(...histogram(found));
    }
  }

  /** All that is said of the row that one is on, beside the list. */
  async function describe() {
    const name = state.rows[state.active]?.name;
    if (name === parts.detail.dataset.name) return;
    parts.detail.dataset.name = name ?? "";
    parts.detail.hidden = !name;
    if (!name) return;
    try {
      const card = await kernel.ask("card", { name });
      if (card === null) return;
      parts.detail.replaceChildren(...about(card, say));
      drawPicked();
      fill();
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    }
  }

  /** @returns {HTMLElement[]} */
  const rows = () => [...parts.list.querySelectorAll(/** @type {"div"} */ ("[role=option]"))];

  /** @param {number} index */
  function focus(index) {
    const items = rows();
    if (!items.length) return;
    const next = Math.max(0, Math.min(index, items.length - 1));
    items[state.active]?.setAttribute("tabindex", "-1");
    state.active = next;
    items[next].tabIndex = 0;
    items[next].focus();
    window.clearTimeout(waiting);
    waiting = window.setTimeout(describe, PAUSE_MS);
  }

  /** @param {string} name */
  function toggle(name) {
    const picked = model.get("picked");
    const without = picked.filter((other) => other !== name);
    model.set("picked", without.length < picked.length ? without : [...picked, name]);
    model.save_changes();
  }

  function drawPicked() {
    const picked = new Set(model.get("picked"));
    for (const item of rows()) {
      const on = picked.has(String(item.dataset.name));
      item.setAttribute("aria-selected", String(on));
      const mark = item.querySelector(".mark");
      if (mark) mark.textContent = on ? "✓" : "";
    }
    parts.status.textContent = `${picked.size} picked`;
    parts.clear.disabled = picked.size === 0;
  }

  function drawSnippet() {
    parts.snippet.textContent = model.get("snippet");
    parts.use.hidden = !model.get("snippet");
  }

  /** @param {KeyboardEvent} event */
  function onSearchKey(event) {
    if (event.key === "ArrowDown") focus(state.active);
    else if (event.key === "Enter" && rows().length) focus(0);
    else if (event.key === "Escape" && parts.search.value) {
      parts.search.value = "";
      search();
    } else return;
    event.preventDefault();
  }

  /** @param {KeyboardEvent} event */
  function onListKey(event) {
    const here = state.active;
    const page = Math.max(1, Math.floor(parts.list.clientHeight / 60));
    /** @type {Record<string, () => void>} */
    const keys = {
      ArrowDown: () => focus(here + 1),
      ArrowUp: () => (here ? focus(here - 1) : parts.search.focus()),
      PageDown: () => focus(here + page),
      PageUp: () => focus(here - page),
      Home: () => focus(0),
      End: () => focus(Infinity),
      Enter: () => toggle(state.rows[here].name),
      " ": () => toggle(state.rows[here].name),
      Escape: () => parts.search.focus(),
    };
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  }

  parts.search.addEventListener("input", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(search, PAUSE_MS);
  });
  parts.search.addEventListener("keydown", onSearchKey);
  parts.list.addEventListener("keydown", onListKey);
  parts.more.addEventListener("click", () => search(true));
  parts.clear.addEventListener("click", () => {
    model.set("picked", []);
    model.save_changes();
  });
  model.on("change:picked", drawPicked);
  model.on("change:snippet", drawSnippet);
  el.append(parts.root);
  drawSnippet();
  search();

  return () => {
    window.clearTimeout(timer);
    window.clearTimeout(waiting);
    kernel.close();
    model.off("change:picked", drawPicked);
    model.off("change:snippet", drawSnippet);
  };
}

/**
 * Questions to the kernel. An answer to anything but the newest question of its kind is null.
 *
 * @param {import("@anywidget/types").AnyModel<Model>} model
 */
function connect(model) {
  /** @type {Map<string, { resolve: (value: any) => void, reject: (error: Error) => void, kind: string }>} */
  const open = new Map();
  let last = 0;
  const mine = Math.random().toString(36).slice(2); // two views of one model share its messages

  /** @param {{ id?: string, payload?: unknown, error?: string }} message */
  function receive({ id, payload, error }) {
    const waiting = id ? open.get(id) : undefined;
    if (!id || !waiting) return;
    open.delete(id);
    if (error) waiting.reject(new Error(error));
    else waiting.resolve(payload);
  }

  model.on("msg:custom", receive);
  return {
    /**
     * @template {keyof Requests} K
     * @param {K} kind
     * @param {Requests[K]} payload
     * @returns {Promise<Replies[K] | null>}
     */
    ask(kind, payload) {
      for (const [id, waiting] of open) {
        if (waiting.kind === kind) {
          open.delete(id);
          waiting.resolve(null);
        }
      }
      const id = `${mine}-${++last}`;
      return new Promise((resolve, reject) => {
        open.set(id, { resolve, reject, kind });
        model.send({ id, kind, payload });
      });
    },
    close() {
      model.off("msg:custom", receive);
      open.clear();
    },
  };
}

/** The fixed parts. @param {string} text  what is searched for at first */
function build(text) {
  const root = node("section", "proml-browse");
  root.setAttribute("aria-label", "Feature browser");
  root.dataset.lmSuppressShortcuts = "true"; // Jupyter's own keys would move between cells

  const head = node("div", "head");
  const search = node("input", "search");
  search.type = "search";
  search.value = text;
  search.placeholder = "Search features";
  search.spellcheck = false;
  search.setAttribute("aria-label", "Search features");
  const found = node("span", "found");
  const status = node("span", "picked", "0 picked");
  status.setAttribute("role", "status");
  const clear = node("button", "clear", "Clear");
  clear.type = "button";
  clear.setAttribute("aria-label", "Clear picks");
  head.append(search, found, status, clear);

  const alert = node("p", "alert");
  alert.setAttribute("role", "alert");
  alert.hidden = true;

  const body = node("div", "body");
  const facets = node("div", "facets");
  facets.setAttribute("role", "group");
  facets.setAttribute("aria-label", "Narrow by");
  const results = node("div", "results");
  const list = node("div", "list");
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Features");
  list.setAttribute("aria-multiselectable", "true");
  const empty = node("p", "empty", "No feature matches. Try fewer or other words.");
  empty.hidden = true;
  const more = node("button", "more", "Show more");
  more.type = "button";
  more.hidden = true;
  results.append(list, empty, more);
  const detail = node("aside", "detail");
  detail.setAttribute("aria-label", "Details");
  detail.hidden = true;
  body.append(facets, results, detail);

  const use = node("details", "use");
  const snippet = node("code");
  const block = node("pre");
  block.append(snippet);
  use.append(node("summary", "", "Use the picks: paste this into the spec"), block);
  use.hidden = true;

  root.append(head, alert, body, use);
  return { root, search, found, status, clear, alert, facets, list, empty, more, detail, use, snippet };
}

/**
 * What a card says: facts, values, and the Python that joins the feature.
 *
 * @param {Card} card @param {(message: string) => void} say  where a failure is told
 */
function about(card, say) {
  const facts = node("dl");
  for (const [what, text] of card.facts) facts.append(node("dt", "", what), breakable("dd", text));
  const copy = node("button", "copy", "Copy");
  copy.type = "button";
  copy.setAttribute("aria-label", "Copy the Python that joins it");
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(card.code);
      copy.textContent = "Copied";
    } catch {
      say("The browser does not allow copying: select the text and copy it by hand.");
    }
  });
  const block = node("pre");
  block.append(node("code", "", card.code));
  const join = node("div", "join");
  join.append(node("span", "", "Join it"), copy);
  return [breakable("h4", card.name), node("p", "", card.about), node("div", "spark"), facts, join, block];
}

/** A small bar chart and what it spans. @param {Bins} bins */
function histogram({ counts, low, high, nulls }) {
  const width = 100;
  const height = 24;
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `from ${low} to ${high}${nulls ? `, ${nulls} missing` : ""}`);
  const tallest = Math.max(...counts, 1);
  const step = width / Math.max(counts.length, 1);
  counts.forEach((count, i) => {
    if (!count) return;
    const bar = document.createElementNS(space, "rect");
    const size = Math.max(1, (count / tallest) * height);
    bar.setAttribute("x", String(i * step));
    bar.setAttribute("y", String(height - size));
    bar.setAttribute("width", String(Math.max(step - 1, 0.5)));
    bar.setAttribute("height", String(size));
    svg.append(bar);
  });
  const span = node("div", "span");
  span.append(node("span", "", low), node("span", "", high));
  return nulls ? [svg, span, node("div", "nulls", `${nulls} missing`)] : [svg, span];
}

/**
 * A name that may wrap after a dot or an underscore.
 *
 * @param {"span" | "b" | "dd" | "h4"} tag
 * @param {string} name
 */
function breakable(tag, name) {
  const made = node(tag, "name");
  for (const piece of name.split(/(?<=[._/])/)) made.append(piece, node("wbr"));
  return made;
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} [kind]
 * @param {string} [text]
 * @returns {HTMLElementTagNameMap[K]}
 */
function node(tag, kind = "", text = "") {
  const made = document.createElement(tag);
  if (kind) made.className = kind;
  if (text) made.textContent = text;
  return made;
}

export default { render };
