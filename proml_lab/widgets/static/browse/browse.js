// @ts-check
/**
 * The feature browser: search, narrow, sort, look, pick, join. All it knows of the catalogue comes
 * from the kernel, and only what is seen.
 */
import { detailing } from "./detail.js";
import { counted, node, words } from "./dom.js";
import { faceting } from "./facets.js";
import { connect } from "./kernel.js";
import { listing } from "./list.js";
import { traying } from "./tray.js";

/** @typedef {import("./kernel.js").Model} Model */

const PAUSE_MS = 120; // after the last key, before the kernel is asked
const WAIT_MS = 8000; // without an answer, before one is told
const WAITING = "The kernel has not answered yet. It is busy, or has ended: then run the cell again.";
/** @type {[string, string][]} */
const SORTS = [
  ["relevance", "Best match"],
  ["name", "Name"],
  ["usage", "Most used"],
  ["health", "Healthiest"],
  ["freshness", "Freshest"],
];

const NO_MATCH = "No feature matches. Try fewer or other words.";
const NO_FEATURES = "There are no features here yet. To begin with tables that you have: proml features draft FOLDER";

/** @type {import("@anywidget/types").Render<Model>} */
function render({ model, el }) {
  const kernel = connect(model);
  const parts = build(model.get("text"));
  /** @type {Record<string, string>} */
  const kept = {};
  /** @type {Set<string>} */
  const looked = new Set(); // features whose values were asked for
  let typing = 0;
  let resting = 0;
  let waiting = 0;

  /** @param {number} start */
  const question = (start) => ({ text: parts.search.value, kept, sort: parts.sort.value, start });

  async function search() {
    parts.root.setAttribute("aria-busy", "true");
    window.clearTimeout(waiting);
    waiting = window.setTimeout(() => say(WAITING), WAIT_MS);
    try {
      const page = await kernel.ask("search", question(0));
      if (page === null) return; // a newer question was asked meanwhile
      window.clearTimeout(waiting);
      say("");
      drawFacets(page.facets);
      parts.found.textContent = counted(page.total, "feature");
      parts.empty.hidden = page.total > 0;
      parts.empty.textContent = parts.search.value.trim() || Object.keys(kept).length ? NO_MATCH : NO_FEATURES;
      parts.list.hidden = !page.total;
      list.show(page);
      parts.root.setAttribute("aria-busy", "false");
    } catch (error) {
      window.clearTimeout(waiting);
      parts.root.setAttribute("aria-busy", "false");
      say(words(error));
    }
  }

  /** @param {string[]} names  features of which no values are kept */
  async function look(names) {
    /** @type {Map<string, string[]>} */
    const views = new Map();
    for (const name of names.filter((one) => !looked.has(one))) {
      const view = name.slice(0, name.lastIndexOf("."));
      views.set(view, [...(views.get(view) ?? []), name]);
    }
    for (const some of views.values()) {
      try {
        const found = await kernel.ask("bins", { names: some });
        if (found === null) return;
        for (const name of some) looked.add(name);
        for (const [name, { counts, low, high, nulls }] of Object.entries(found)) {
          list.learn(name, { bins: counts, low, high, nulls });
        }
        await list.again(); // what was seen is known now: health and freshness too
      } catch (error) {
        for (const name of some) looked.add(name); // once is enough
        say(words(error));
      }
    }
  }

  /** @param {string} message */
  function say(message) {
    parts.alert.textContent = message;
    parts.alert.hidden = !message;
  }

  /** @param {string} name */
  function toggle(name) {
    const picked = model.get("picked");
    const without = picked.filter((other) => other !== name);
    model.set("picked", without.length < picked.length ? without : [...picked, name]);
    model.save_changes();
  }

  /** Whether the page has written the code into the notebook. @param {string} code @param {string} slot */
  function insert(code, slot) {
    const detail = { code, slot };
    const asked = new CustomEvent("proml:insert", { bubbles: true, cancelable: true, composed: true, detail });
    return !parts.root.dispatchEvent(asked);
  }

  const drawFacets = faceting(parts.facets, kept, search);
  const detail = detailing(parts.detail, {
    ask: kernel.ask,
    picked: (name) => model.get("picked").includes(name),
    toggled: toggle,
    insert,
    say,
    learn: (name, known) => list.learn(name, known),
  });
  const list = listing(parts.list, {
    ask: async (start) => (await kernel.ask("rows", question(start)))?.rows ?? null,
    look,
    moved: (row) => {
      window.clearTimeout(resting);
      resting = window.setTimeout(() => void detail.follow(row?.name ?? ""), PAUSE_MS);
    },
    toggled: toggle,
    left: () => parts.search.focus(),
    failed: (error) => say(words(error)),
  });
  const endTray = traying(parts.tray, model, { ask: kernel.ask, insert });

  function drawPicked() {
    list.pick(model.get("picked"));
    detail.mark();
  }

  /** @param {KeyboardEvent} event */
  function onSearchKey(event) {
    if (event.key === "ArrowDown" || event.key === "Enter") list.focus();
    else if (event.key === "Escape" && parts.search.value) {
      parts.search.value = "";
      void search();
    } else return;
    event.preventDefault();
  }

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    const typed = event.target instanceof HTMLElement && event.target.closest("input, select, textarea");
    if (event.key !== "/" || typed || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    parts.search.focus();
    parts.search.select();
  }

  parts.search.addEventListener("input", () => {
    window.clearTimeout(typing);
    typing = window.setTimeout(search, PAUSE_MS);
  });
  parts.search.addEventListener("keydown", onSearchKey);
  parts.sort.addEventListener("change", () => void search());
  parts.root.addEventListener("keydown", onKey);
  model.on("change:picked", drawPicked);
  el.append(parts.root);
  drawPicked();
  void search();

  return () => {
    window.clearTimeout(typing);
    window.clearTimeout(resting);
    window.clearTimeout(waiting);
    kernel.close();
    list.close();
    endTray();
    model.off("change:picked", drawPicked);
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
  search.setAttribute("aria-keyshortcuts", "/");
  const found = node("span", "found");
  found.setAttribute("role", "status");
  const sorting = node("label", "chooser", "Sort by");
  const sort = node("select");
  sort.append(...SORTS.map(([value, words]) => new Option(words, value)));
  sorting.append(sort);
  head.append(search, found, sorting);

  const alert = node("p", "alert");
  alert.setAttribute("role", "alert");
  alert.hidden = true;

  const body = node("div", "body");
  const facets = node("div", "facets");
  facets.setAttribute("role", "group");
  facets.setAttribute("aria-label", "Narrow by");
  const results = node("div", "results");
  const heads = node("div", "row heads");
  heads.setAttribute("aria-hidden", "true"); // each row says these words itself
  const known = node("div", "known");
  for (const word of ["Missing", "Newest", "Used", "Health"]) known.append(node("span", "cell", word));
  heads.append(node("span"), node("span", "", "Feature"), node("span", "", "Type"), node("span", "", "Values"), known);
  const list = node("div", "list");
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Features");
  list.setAttribute("aria-multiselectable", "true");
  const empty = node("p", "empty");
  empty.hidden = true;
  results.append(heads, list, empty);
  const detail = node("aside", "detail");
  detail.setAttribute("aria-label", "Details");
  detail.hidden = true;
  body.append(facets, results, detail);

  const tray = node("div", "tray");
  tray.setAttribute("role", "region");
  tray.setAttribute("aria-label", "Picks");
  root.append(head, alert, body, tray);
  return { root, search, found, sort, alert, facets, list, empty, detail, tray };
}

export default { render };
