// @ts-check
import { button, node } from "./dom.js";

/** @typedef {import("./kernel.js").Choice} Choice */

const FACETS = ["entity", "type", "owner", "tag", "used_by", "freshness", "view", "source", "status", "sensitivity", "unit"];
const SHOWN = 6; // choices of a facet before "more"

/**
 * The facets beside the list; `kept` is what is chosen, facet to value.
 *
 * @param {HTMLElement} place @param {Record<string, string>} kept @param {() => void} changed
 */
export function faceting(place, kept, changed) {
  /** @type {Set<string>} */
  const open = new Set();
  /** @type {Record<string, Choice[]>} */
  let given = {};

  /** @param {string} name @param {Choice} choice */
  function chooser(name, { value, count }) {
    const pressed = value === kept[name];
    const said = name.replace("_", " ");
    const act = () => {
      if (pressed) delete kept[name];
      else kept[name] = value;
      changed();
    };
    const made = button("choice", "", act, `${said} ${value}, ${count} features`);
    made.dataset.key = `${name}=${value}`;
    made.setAttribute("aria-pressed", String(pressed));
    made.append(node("span", "value", value), node("span", "count", count.toLocaleString("en")));
    return made;
  }

  /** @param {string} name @param {Choice[]} choices */
  function facet(name, choices) {
    const group = node("fieldset", "facet");
    group.append(node("legend", "", name.replace("_", " ")));
    const all = open.has(name);
    const shown = choices.filter((one, i) => all || i < SHOWN || one.value === kept[name]);
    group.append(...shown.map((one) => chooser(name, one)));
    if (choices.length > SHOWN) {
      const act = () => {
        if (all) open.delete(name);
        else open.add(name);
        draw(given);
      };
      const text = all ? "fewer" : `${choices.length - SHOWN} more`;
      const more = button("more", text, act, `${text} of ${name.replace("_", " ")}`);
      more.dataset.key = `${name}:more`;
      more.setAttribute("aria-expanded", String(all));
      group.append(more);
    }
    return group;
  }

  /** @param {Record<string, Choice[]>} facets */
  function draw(facets) {
    given = facets;
    const focused = /** @type {HTMLElement | null} */ (place.querySelector(":focus"));
    const key = focused?.dataset.key;
    const there = FACETS.filter((name) => facets[name]?.length);
    place.replaceChildren(...there.map((name) => facet(name, facets[name])));
    const again = [...place.querySelectorAll("button")].find((one) => one.dataset.key === key);
    if (key) again?.focus();
  }

  return draw;
}
