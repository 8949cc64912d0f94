// @ts-check
import { breakable, node } from "./dom.js";
import { histogram, knownCells, knownWords } from "./marks.js";

/** @typedef {import("./kernel.js").Row} Row */
/** @typedef {import("./kernel.js").Page} Page */

const PAGE = 50; // rows of one answer, as in questions.py
const AROUND = 6; // rows that are drawn beyond the edges
const HELD = 2000; // rows that are remembered, at most
const IDLE_MS = 250; // without scrolling, before values are looked at

/**
 * A list as long as what was found, in which only the rows that are seen exist.
 *
 * @param {HTMLElement} list
 * @param {{ ask: (start: number) => Promise<Row[] | null>, look: (names: string[]) => void,
 *   moved: (row: Row | undefined) => void, toggled: (name: string) => void, left: () => void,
 *   failed: (error: unknown) => void }} on
 */
export function listing(list, on) {
  const inner = node("div", "rows");
  inner.setAttribute("role", "presentation");
  list.append(inner);
  /** @type {Map<number, Row>} */
  const rows = new Map();
  /** @type {Map<number, HTMLElement>} */
  const drawn = new Map();
  /** @type {Set<string>} */
  let picked = new Set();
  let total = 0;
  let active = 0;
  let wanted = -1; // the row that gets the focus when it is there
  let version = 0;
  let fetching = false;
  let idle = 0;

  const height = () => parseFloat(getComputedStyle(list).getPropertyValue("--row")) || 56;

  /** First and last row to draw. @returns {[number, number]} */
  function span() {
    const tall = height();
    const first = Math.floor(list.scrollTop / tall) - AROUND;
    const last = Math.ceil((list.scrollTop + list.clientHeight) / tall) + AROUND;
    return [Math.max(0, first), Math.min(total - 1, last)];
  }

  function draw() {
    const tall = height();
    inner.style.height = `${total * tall}px`;
    list.parentElement?.style.setProperty("--bar", `${list.offsetWidth - list.clientWidth}px`);
    const [first, last] = span();
    const keep = new Set([active]);
    for (let i = first; i <= last; i++) keep.add(i);
    for (const [i, element] of drawn) {
      if (!keep.has(i) || !rows.has(i)) {
        element.remove();
        drawn.delete(i);
      }
    }
    /** @type {HTMLElement | null} */
    let next = null;
    for (const i of [...keep].sort((a, b) => b - a)) {
      const row = rows.get(i);
      if (!row) continue;
      const there = drawn.get(i);
      const element = there ?? option(row, i);
      element.style.transform = `translateY(${i * tall}px)`;
      if (!there) inner.insertBefore(element, next);
      drawn.set(i, element);
      next = element;
    }
    if (wanted >= 0 && drawn.has(wanted)) {
      drawn.get(wanted)?.focus({ preventScroll: true });
      wanted = -1;
    }
    void fill();
    window.clearTimeout(idle);
    idle = window.setTimeout(look, IDLE_MS);
  }

  /** Ask for what is seen and not there yet: one question at a time. */
  async function fill() {
    const [first, last] = span();
    let missing = first;
    while (missing <= last && rows.has(missing)) missing++;
    if (fetching || missing > last) return;
    fetching = true;
    const mine = version;
    const start = Math.max(0, Math.min(missing, last - PAGE + 1 + AROUND));
    try {
      const got = await on.ask(start);
      if (got === null || mine !== version || !got.length) return;
      got.forEach((row, i) => rows.set(start + i, row));
      if (rows.size > HELD) forget();
    } catch (error) {
      on.failed(error);
      return;
    } finally {
      fetching = false;
    }
    draw();
  }

  function forget() {
    const [first, last] = span();
    for (const i of rows.keys()) {
      if ((i < first - PAGE || i > last + PAGE) && i !== active) rows.delete(i);
    }
  }

  /** Have the values looked at of the rows that one rests on and of which none are kept. */
  function look() {
    const [first, last] = span();
    const names = [];
    for (let i = first; i <= last; i++) {
      const row = rows.get(i);
      if (row && !row.bins) names.push(row.name);
    }
    if (names.length) on.look(names);
  }

  /** @param {Row} row @param {number} index */
  function option(row, index) {
    const item = node("div", "row");
    item.setAttribute("role", "option");
    item.setAttribute("aria-label", row.mark ? `${row.name}, ${row.mark}` : row.name);
    item.setAttribute("aria-description", knownWords(row));
    item.setAttribute("aria-setsize", String(total));
    item.setAttribute("aria-posinset", String(index + 1));
    item.dataset.name = row.name;
    item.tabIndex = index === active ? 0 : -1;
    const dot = row.name.lastIndexOf(".");
    const title = node("div", "title");
    title.append(breakable("b", row.name.slice(dot + 1)), breakable("span", row.name.slice(0, dot)));
    const type = node("span", "type", row.unit ? `${row.type}, ${row.unit}` : row.type);
    const about = node("div", "about", row.description || row.formula);
    if (row.mark) about.prepend(node("span", "marked", row.mark), " ");
    const spark = node("div", "spark");
    if (row.bins) spark.append(...histogram(binsOf(row)));
    item.title = [`${row.name}: ${row.description}`, `entity ${row.entities.join(", ")}`, `owner ${row.owner}`, ...row.tags.map((tag) => `#${tag}`)].join("\n");
    const tick = node("span", "tick");
    tick.setAttribute("aria-hidden", "true");
    const words = node("div", "words");
    words.append(title, about);
    const known = node("div", "known");
    known.append(...knownCells(row));
    item.append(tick, words, type, spark, known);
    mark(item);
    item.addEventListener("click", () => {
      focus(index);
      on.toggled(row.name);
    });
    return item;
  }

  /** @param {HTMLElement} item */
  function mark(item) {
    const is = picked.has(String(item.dataset.name));
    item.setAttribute("aria-selected", String(is));
    const tick = item.querySelector(".tick");
    if (tick) tick.textContent = is ? "✓" : "";
  }

  /** @param {number} index  any number; the nearest row gets the focus, as soon as it is there */
  function focus(index) {
    if (!total) return;
    const next = Math.max(0, Math.min(index, total - 1));
    drawn.get(active)?.setAttribute("tabindex", "-1");
    active = wanted = next;
    const tall = height();
    if (next * tall < list.scrollTop) list.scrollTop = next * tall;
    const below = (next + 1) * tall - list.clientHeight;
    if (below > list.scrollTop) list.scrollTop = below;
    draw();
    drawn.get(next)?.setAttribute("tabindex", "0");
    on.moved(rows.get(next));
  }

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    const page = Math.max(1, Math.floor(list.clientHeight / height()) - 1);
    const pick = () => {
      const row = rows.get(active);
      if (row) on.toggled(row.name);
    };
    /** @type {Record<string, () => void>} */
    const keys = {
      ArrowDown: () => focus(active + 1),
      ArrowUp: () => (active ? focus(active - 1) : on.left()),
      PageDown: () => focus(active + page),
      PageUp: () => focus(active - page),
      Home: () => focus(0),
      End: () => focus(total - 1),
      Enter: pick,
      " ": pick,
      Escape: on.left,
    };
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  }

  let frame = 0;
  const later = () => {
    window.cancelAnimationFrame(frame);
    frame = window.requestAnimationFrame(draw);
  };
  const watch = new ResizeObserver(later);
  watch.observe(list);
  list.addEventListener("scroll", later, { passive: true });
  list.addEventListener("keydown", onKey);

  /** @param {string} name @param {Partial<Row>} known  what was found out about a row */
  function learn(name, known) {
    for (const [i, row] of rows) {
      if (row.name !== name) continue;
      Object.assign(row, known);
      const there = drawn.get(i);
      if (!there) continue;
      const made = option(row, i);
      made.style.transform = there.style.transform;
      const focused = there === document.activeElement;
      there.replaceWith(made);
      drawn.set(i, made);
      if (focused) made.focus({ preventScroll: true });
    }
  }

  return {
    /** @param {Page} page  what a new search found */
    show(page) {
      version++;
      rows.clear();
      for (const element of drawn.values()) element.remove();
      drawn.clear();
      page.rows.forEach((row, i) => rows.set(i, row));
      total = page.total;
      active = 0;
      list.scrollTop = 0;
      draw();
      on.moved(rows.get(0));
    },
    /** @param {string[]} names */
    pick(names) {
      picked = new Set(names);
      drawn.forEach(mark);
    },
    learn,
    /** Ask anew for the rows that are seen. */
    async again() {
      const mine = version;
      const got = await on.ask(span()[0]);
      if (mine !== version) return;
      for (const row of got ?? []) learn(row.name, row);
      draw(); // it may have taken the place of a question for other rows
    },
    focus: () => focus(active),
    close() {
      watch.disconnect();
      window.clearTimeout(idle);
      window.cancelAnimationFrame(frame);
    },
  };
}

/** @param {Row} row */
function binsOf(row) {
  const [low, high] = [row.low ?? "", row.high ?? ""].map((end) => end.replace(/^[<≥] /, "")); // little room
  return { counts: row.bins ?? [], low, high, nulls: row.nulls ?? null };
}
