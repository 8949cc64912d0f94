// @ts-check
import { counted, node, percent, svg } from "./dom.js";

/** @typedef {import("./kernel.js").Row} Row */
/** @typedef {import("./kernel.js").Bins} Bins */

const SIGNS = { good: "✓", look: "!", bad: "✗" };

/** A sign and a word, so that the colour need not be seen. @param {"good" | "look" | "bad"} mark */
export function healthMark(mark) {
  const made = node("span", `health ${mark}`);
  made.append(node("span", "sign", SIGNS[mark]), ` ${mark}`);
  return made;
}

/** The cells of a row that tell what is known of it; "–" where nobody looked. @param {Row} row */
export function knownCells(row) {
  const word = row.freshness ? node(row.freshness === "stale" ? "b" : "span", "", row.freshness) : null;
  const newest = cell("newest", word);
  if (row.age) newest.append(node("span", "age", row.age));
  return [
    cell("missing", typeof row.nulls === "number" ? percent(row.nulls) : null),
    newest,
    cell("used", typeof row.used === "number" ? uses(row.used) : null),
    cell("", row.health ? healthMark(row.health) : null),
  ];
}

/** A number; beside it the word, for lists without heads. @param {number} n */
function uses(n) {
  const made = node("span");
  made.append(node("span", "n", n.toLocaleString("en")), node("span", "unit", n === 1 ? " use" : " uses"));
  return made;
}

/** @param {string} kind @param {Node | string | null} content */
function cell(kind, content) {
  const made = node("span", `cell ${kind} ${content === null ? "unknown" : ""}`);
  made.append(content ?? "–");
  return made;
}

/** The same in words, for screen readers. @param {Row} row */
export function knownWords(row) {
  const said = [row.unit ? `${row.type} in ${row.unit}` : row.type];
  if (typeof row.nulls === "number") said.push(`${percent(row.nulls)} missing`);
  if (row.freshness) said.push(row.age ? `${row.freshness}, newest row ${row.age}` : row.freshness);
  if (typeof row.used === "number") said.push(counted(row.used, "use"));
  if (row.health) said.push(`health ${row.health}`);
  if (row.description) said.push(row.description);
  return said.join("; ");
}

/** A small bar chart and what it spans. @param {Bins} bins */
export function histogram({ counts, low, high, nulls }) {
  const [width, height] = [100, 24];
  const missing = typeof nulls === "number" && nulls > 0 ? `, ${percent(nulls)} missing` : "";
  const drawn = svg("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img" });
  const spans = / values?$/.test(high) ? `${high}, most often ${low}` : `from ${low} to ${high}`; // texts have no order
  drawn.setAttribute("aria-label", counts.length ? spans + missing : "no values");
  const tallest = Math.max(...counts, 1);
  const step = width / Math.max(counts.length, 1);
  counts.forEach((count, i) => {
    if (!count) return;
    const size = Math.max(1, (count / tallest) * height);
    const bar = { x: i * step, y: height - size, width: Math.max(step - 1, 0.5), height: size };
    drawn.append(svg("rect", bar));
  });
  const span = node("div", "span");
  span.append(node("span", "", low), node("span", "", high));
  return [drawn, span];
}
