// @ts-check
import { breakable, button, copied, node, words } from "./dom.js";
import { healthMark, histogram } from "./marks.js";
import { lineagePicture, trendPicture } from "./pictures.js";

/** @typedef {import("./kernel.js").Replies} Replies */

/**
 * All that is said of one feature. Its sections are asked for one by one, and each is drawn as
 * soon as it is there.
 *
 * @param {HTMLElement} pane
 * @param {{ ask: import("./kernel.js").Ask, picked: (name: string) => boolean, toggled: (name: string) => void,
 *   insert: (code: string, slot: string) => boolean,
 *   say: (message: string) => void, learn: (name: string, known: object) => void }} on
 */
export function detailing(pane, on) {
  /** @type {string[]} */
  const before = []; // features that one came from, by way of "similar" and lineage
  let name = "";
  let pick = node("button");

  /** @param {string} next  a feature, or "" for none */
  async function show(next) {
    if (next === name) return;
    name = next;
    pane.hidden = !name;
    if (!name) return;
    pane.dataset.name = name;
    pane.setAttribute("aria-busy", "true");
    try {
      const card = await on.ask("card", { name });
      if (card === null || next !== name) return;
      pane.replaceChildren(...head(card));
      pane.scrollTop = 0;
      mark();
      const sections = SECTIONS.map(([kind, title]) => section(kind, title));
      pane.append(...sections.map(({ part }) => part));
      await Promise.all(sections.map(({ load }) => load()));
    } catch (error) {
      on.say(words(error));
    } finally {
      if (next === name) pane.setAttribute("aria-busy", "false");
    }
  }

  /** @param {import("./kernel.js").Card} card */
  function head(card) {
    const top = node("div", "top");
    pick = button("pick", "", () => on.toggled(card.name));
    top.append(pick);
    const last = before[before.length - 1];
    if (last) top.append(button("back", "← Back", back, `Back to ${last}`));
    const facts = node("dl");
    for (const [what, text] of card.facts) facts.append(node("dt", "", what), breakable("dd", text));
    return [breakable("h4", card.name), node("p", "", card.about), top, facts, joining(card)];
  }

  /** @param {import("./kernel.js").Card} card */
  function joining({ name: of, code }) {
    const part = node("section", "part");
    const bar = node("div", "bar");
    const state = node("span", "state");
    state.setAttribute("role", "status");
    const copy = button("copy", "Copy", async () => {
      const done = await copied(code);
      state.textContent = done ? "Copied" : "";
      if (!done) on.say("The browser does not allow copying: select the text and copy it by hand.");
    }, "Copy the Python that joins it");
    const insert = button("insert", "Insert", () => {
      if (!on.insert(code, of)) copy.click();
    }, "Insert the Python that joins it below");
    bar.append(node("h5", "", "Join it"), state, copy, insert);
    const block = node("pre");
    block.tabIndex = 0;
    block.setAttribute("aria-label", "Python that joins it");
    block.append(node("code", "", code));
    part.append(bar, block);
    return part;
  }

  /**
   * @template {keyof Parts} K
   * @param {K} kind @param {string} title
   */
  function section(kind, title) {
    const of = name;
    const part = node("section", `part ${kind}`);
    const body = node("div", "waiting", "…");
    part.setAttribute("aria-label", title);
    part.append(node("h5", "", title), body);
    async function load() {
      try {
        const reply = await on.ask(kind, { name: of });
        if (reply === null || of !== name) return;
        if (kind === "health") on.learn(of, { health: /** @type {Replies["health"]} */ (reply).mark });
        body.replaceChildren(...PARTS[kind](reply, go));
      } catch (error) {
        body.replaceChildren(node("p", "soft", words(error).split("\n")[0]));
      }
      body.className = "";
    }
    return { part, load };
  }

  /** @param {string} next */
  function go(next) {
    before.push(name);
    void show(next).then(() => pick.focus());
  }

  function back() {
    const last = before.pop();
    if (last) void show(last).then(() => pick.focus());
  }

  function mark() {
    const is = on.picked(name);
    pick.textContent = is ? "✓ Picked" : "Pick";
    pick.setAttribute("aria-pressed", String(is));
    pick.setAttribute("aria-label", is ? `Put ${name} back` : `Pick ${name}`);
  }

  pane.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && before.length) {
      event.preventDefault();
      back();
    }
  });

  return {
    /** @param {string} next  the row that one is on */
    follow(next) {
      before.length = 0;
      return show(next);
    },
    mark,
  };
}

/**
 * What a section shows of the answer to its question; `go` leads to another feature.
 *
 * @typedef {Pick<Replies, "values" | "time" | "health" | "users" | "lineage" | "similar">} Answers
 * @typedef {{ [K in keyof Answers]: (reply: Answers[K], go: (name: string) => void) => (Node | string)[] }} Parts
 */

/** @type {Parts} */
const PARTS = {
  values: ({ facts, bins }) => [spark(bins), list(facts)],
  time: (reply) => (reply.periods.length > 1 ? [trendPicture(reply)] : [soft("Its rows carry no times, or one period only.")]),
  health: ({ mark, reasons }) => [
    healthMark(mark),
    ...(reasons.length ? reasons.map(reason) : [soft("Every check passed.")]),
  ],
  users: ({ total, uses, notes }) => {
    const found = node("ul");
    for (const { kind, name, who, when } of uses) {
      const item = node("li");
      item.append(node("span", "kind", kind), " ", breakable("b", name), node("span", "soft", [who, when].filter(Boolean).join(", ")));
      found.append(item);
    }
    const more = total > uses.length ? [soft(`and ${total - uses.length} more`)] : [];
    return [...(total ? [found] : [soft("Nothing in this workspace uses it yet.")]), ...more, ...notes.map(soft)];
  },
  lineage: (reply, go) => [lineagePicture(reply, go)],
  similar: ({ found }, go) => {
    const list = node("ul");
    for (const { name, why } of found) {
      const item = node("li");
      const link = button("link", "", () => go(name), `Show feature ${name}`);
      link.append(breakable("span", name));
      item.append(link, node("span", "soft", why));
      list.append(item);
    }
    return found.length ? [list] : [soft("None: no other has its formula, its values or its words.")];
  },
};

/** @type {[keyof Parts, string][]} */
const SECTIONS = [
  ["values", "Values"],
  ["time", "Over time"],
  ["health", "Health"],
  ["users", "Used by"],
  ["lineage", "Comes from, leads to"],
  ["similar", "Similar features"],
];

/** @param {import("./kernel.js").Bins} bins */
function spark(bins) {
  const made = node("div", "spark");
  if (bins.counts.length) made.append(...histogram(bins));
  return made;
}

/** @param {[string, string][]} facts */
function list(facts) {
  const made = node("dl");
  for (const [what, text] of facts) made.append(node("dt", "", what), node("dd", "", text));
  return made;
}

/** @param {string} text */
function soft(text) {
  return node("p", "soft", text);
}

/** @param {import("./kernel.js").Health["reasons"][number]} one */
function reason({ code, title, seen, why, mend }) {
  const made = node("details", "reason");
  const head = node("summary");
  head.append(node("b", "", title), `: ${seen}`);
  made.append(head, node("p", "", why), node("p", "", mend), node("p", "soft", code));
  return made;
}
