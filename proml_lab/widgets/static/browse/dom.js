// @ts-check
/** Small makers of elements. Text is only ever set as text. */

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} [kind]
 * @param {string} [text]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function node(tag, kind = "", text = "") {
  const made = document.createElement(tag);
  if (kind) made.className = kind;
  if (text) made.textContent = text;
  return made;
}

/**
 * @param {string} kind @param {string} text @param {() => void} act
 * @param {string} [label]  what a screen reader says in place of the text
 */
export function button(kind, text, act, label = "") {
  const made = node("button", kind, text);
  made.type = "button";
  if (label) made.setAttribute("aria-label", label);
  made.addEventListener("click", act);
  return made;
}

/**
 * A name that may wrap after a dot or an underscore.
 *
 * @param {"span" | "b" | "dd" | "h4" | "div"} tag
 * @param {string} name
 */
export function breakable(tag, name) {
  const made = node(tag, "name");
  for (const piece of name.split(/(?<=[._/])/)) made.append(piece, node("wbr"));
  return made;
}

/** @param {string} tag @param {Record<string, string | number>} attributes */
export function svg(tag, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  return made;
}

/** A share as whole percent, never 0 % of something nor 100 % of less than all. @param {number} share */
export function percent(share) {
  if (share > 0 && share < 0.005) return "<1%";
  if (share < 1 && share >= 0.995) return ">99%";
  return `${Math.round(100 * share)}%`;
}

/** "1 feature", "2,000 features". @param {number} n @param {string} what */
export function counted(n, what) {
  return `${n.toLocaleString("en")} ${what}${n === 1 ? "" : "s"}`;
}

/** Whether the text is on the clipboard now. @param {string} text */
export async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** @param {unknown} error */
export function words(error) {
  return error instanceof Error ? error.message : String(error);
}
