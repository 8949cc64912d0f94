// @ts-check
import { button, copied, node, percent, words } from "./dom.js";

/** @typedef {import("./kernel.js").Model} Model */

const TRY_MS = 400; // after the last change, before a join is tried

/**
 * What is picked, what a join of it would give, and the code that joins it.
 *
 * @param {HTMLElement} place
 * @param {import("@anywidget/types").AnyModel<Model>} model
 * @param {{ ask: import("./kernel.js").Ask, insert: (code: string, slot: string) => boolean }} on
 */
export function traying(place, model, on) {
  const head = node("div", "bar");
  const status = node("span", "picked");
  status.setAttribute("role", "status");
  const clear = button("clear", "Clear", () => set("picked", []), "Clear picks");
  const chips = node("ul", "chips");
  chips.setAttribute("aria-label", "Picked features");
  const form = node("div", "form");
  const spine = chooser("Spine", "rows to predict for: a frame of the notebook or a source", (value) => {
    model.set("cutoff", "");
    set("spine", value);
  });
  const cutoff = chooser("Cutoff", "the column that says when each row is predicted", (value) => set("cutoff", value));
  const join = button("join", "Join", () => void write(), "Join: write the code into the notebook");
  form.append(spine.label, cutoff.label, join);
  const said = node("p", "said");
  said.setAttribute("role", "status");
  const cover = node("div", "cover");
  const use = node("details", "use");
  const yaml = node("code");
  const python = node("code");
  for (const [title, code] of /** @type {[string, HTMLElement][]} */ ([["Python", python], ["YAML, for a spec", yaml]])) {
    const bar = node("div", "bar");
    bar.append(node("h5", "", title), button("copy", "Copy", async () => tell(await put(code.textContent ?? "")), `Copy the ${title}`));
    const block = node("pre");
    block.tabIndex = 0;
    block.setAttribute("aria-label", title);
    block.append(code);
    use.append(bar, block);
  }
  use.prepend(node("summary", "", "The code, to copy"));
  const body = node("div", "inside");
  body.append(form, said, cover, use);
  head.append(status, chips, clear);
  place.append(head, body);
  let timer = 0;

  /** @template {keyof Model} K @param {K} name @param {Model[K]} value */
  function set(name, value) {
    model.set(name, value);
    model.save_changes();
  }

  /** @param {string} text */
  const put = async (text) => ((await copied(text)) ? "Copied: paste it into a new cell." : "Select the code below and copy it by hand.");

  /** @param {string} message */
  function tell(message) {
    said.textContent = message;
  }

  async function write() {
    let code = "";
    try {
      code = (await on.ask("code", {}))?.code ?? ""; // the kernel's word: the picks may be newer than the trait
    } catch (error) {
      tell(words(error));
    }
    if (!code) return;
    if (on.insert(code, "join")) {
      tell("The code is in the cell below: run it with Shift and Enter.");
      return;
    }
    use.open = true;
    tell(`This notebook takes no code from here. ${await put(code)}`);
  }

  function drawPicks() {
    const picked = model.get("picked");
    status.textContent = `${picked.length.toLocaleString("en")} picked`;
    clear.disabled = picked.length === 0;
    const focused = /** @type {HTMLElement | null} */ (chips.querySelector(":focus"));
    const at = focused ? [...chips.querySelectorAll("button")].indexOf(/** @type {HTMLButtonElement} */ (focused)) : -1;
    chips.replaceChildren(
      ...picked.map((name) => {
        const chip = node("li");
        const drop = button("chip", "", () => set("picked", model.get("picked").filter((one) => one !== name)), `Put ${name} back`);
        drop.append(node("span", "", name.slice(name.lastIndexOf(".") + 1)), node("span", "x", "×"));
        drop.title = name;
        chip.append(drop);
        return chip;
      }),
    );
    const left = chips.querySelectorAll("button");
    if (at >= 0) (left[Math.min(at, left.length - 1)] ?? clear).focus();
    body.hidden = !picked.length;
    tell("");
    again();
  }

  function drawCode() {
    yaml.textContent = model.get("snippet");
    python.textContent = model.get("script");
  }

  /** What may be joined to, and the columns of times of what is chosen. */
  async function choices() {
    try {
      const found = await on.ask("spines", { spine: model.get("spine") });
      if (found === null) return;
      fill(spine.select, "choose one", model.get("spine"), found.spines.map(({ name, kind }) => [name, kind === "frame" ? `${name} (frame)` : name]));
      fill(cutoff.select, "none", model.get("cutoff"), found.columns.map((name) => [name, name]));
      if (!model.get("cutoff") && found.columns.length === 1) set("cutoff", found.columns[0]);
      cutoff.select.disabled = !found.columns.length;
    } catch (error) {
      tell(words(error));
    }
  }

  function again() {
    window.clearTimeout(timer);
    timer = window.setTimeout(measure, TRY_MS);
  }

  /** For how many rows of the spine each pick has a value, and what a join takes. */
  async function measure() {
    const [names, rows] = [model.get("picked"), model.get("spine")];
    join.disabled = !rows;
    if (!names.length || !rows) {
      cover.replaceChildren(node("p", "soft", "Choose a spine, the rows to predict for, to see for how many of them each feature has a value."));
      return;
    }
    cover.setAttribute("aria-busy", "true");
    try {
      const found = await on.ask("coverage", {});
      if (found === null) return;
      cover.replaceChildren(node("p", "soft", `${found.title} ${found.cost}`), table(found), ...found.notes.map((note) => node("p", "soft", note)));
    } catch (error) {
      cover.replaceChildren(node("p", "wrong", words(error)));
    }
    cover.setAttribute("aria-busy", "false");
  }

  const spineChanged = () => {
    tell("");
    void choices();
    again();
  };
  const cutoffChanged = () => {
    cutoff.select.value = model.get("cutoff");
    again();
  };
  model.on("change:picked", drawPicks);
  model.on("change:snippet", drawCode);
  model.on("change:script", drawCode);
  model.on("change:spine", spineChanged);
  model.on("change:cutoff", cutoffChanged);
  drawPicks();
  drawCode();
  void choices();
  spine.select.addEventListener("focus", () => void choices()); // frames may have been made since

  return () => {
    window.clearTimeout(timer);
    model.off("change:picked", drawPicks);
    model.off("change:snippet", drawCode);
    model.off("change:script", drawCode);
    model.off("change:spine", spineChanged);
    model.off("change:cutoff", cutoffChanged);
  };
}

/** A labelled menu. @param {string} name @param {string} about @param {(value: string) => void} chosen */
function chooser(name, about, chosen) {
  const label = node("label", "chooser", name);
  const select = node("select");
  select.title = about;
  select.addEventListener("change", () => chosen(select.value));
  label.append(select);
  return { label, select };
}

/** @param {HTMLSelectElement} select @param {string} none @param {string} value @param {[string, string][]} choices */
function fill(select, none, value, choices) {
  const known = choices.some(([name]) => name === value);
  /** @type {[string, string][]} */
  const all = [["", none], ...(value && !known ? [/** @type {[string, string]} */ ([value, value])] : []), ...choices];
  const now = [...select.options].map((one) => `${one.value}\n${one.text}`).join();
  if (now !== all.map((one) => one.join("\n")).join()) {
    select.replaceChildren(...all.map(([name, text]) => new Option(text, name)));
  }
  select.value = value;
}

/** @param {import("./kernel.js").Coverage} coverage */
function table({ title, found }) {
  const made = node("table");
  made.setAttribute("aria-label", title);
  const body = made.createTBody();
  for (const { name, covered } of found) {
    const row = body.insertRow();
    const head = node("th", "", name);
    head.scope = "row";
    const bar = node("div", "share");
    bar.style.setProperty("--share", String(covered));
    const cell = row.insertCell();
    row.prepend(head);
    cell.append(bar);
    row.insertCell().textContent = percent(covered);
  }
  return made;
}
