// @ts-check
import { button, node, svg } from "./dom.js";

/** @typedef {import("./kernel.js").Time} Time */
/** @typedef {import("./kernel.js").Lineage} LineageReply */

const [WIDE, HIGH] = [280, 84];
const LAYER = 58; // pixels from one layer of things to the next
const BOX = 34;

/**
 * The middle of the values by period, the middle nine tenths behind it, and what is missing below.
 *
 * @param {Time} time
 */
export function trendPicture({ unit, periods, least, most }) {
  const there = periods.filter((one) => one.middle !== null);
  const ends = [periods[0].start, periods[periods.length - 1].start];
  const figure = node("figure", "trend");
  const lows = there.map((one) => Number(one.low));
  const highs = there.map((one) => Number(one.high));
  const [bottom, top] = [Math.min(...lows), Math.max(...highs)];
  const step = WIDE / Math.max(periods.length - 1, 1);
  /** @param {number} value */
  const y = (value) => (top > bottom ? 4 + ((top - value) / (top - bottom)) * (HIGH - 8) : HIGH / 2);
  /** @param {import("./kernel.js").Period} one */
  const x = (one) => periods.indexOf(one) * step;
  const label = there.length
    ? `Values by ${unit}, ${ends[0]} to ${ends[1]}, between ${least} and ${most}`
    : `Missing values by ${unit}, ${ends[0]} to ${ends[1]}`;
  if (there.length) {
    const drawn = svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "none", role: "img", "aria-label": label });
    const up = there.map((one) => `${x(one)},${y(Number(one.high))}`);
    const down = there.map((one) => `${x(one)},${y(Number(one.low))}`).reverse();
    const line = there.map((one) => `${x(one)},${y(Number(one.middle))}`);
    drawn.append(svg("polygon", { points: [...up, ...down].join(" ") }));
    drawn.append(svg("polyline", { points: line.join(" "), "vector-effect": "non-scaling-stroke" }));
    const axis = node("div", "axis");
    axis.append(node("span", "", most), node("span", "", least));
    const plot = node("div", "plot");
    plot.append(axis, drawn);
    figure.append(plot);
  }
  if (!there.length || periods.some((one) => one.nulls > 0)) figure.append(gaps(periods, there.length ? "" : label));
  const span = node("div", "span");
  span.append(node("span", "", ends[0]), node("span", "", ends[1]));
  const said = there.length ? `Line: middle; band: nine tenths of the values, by ${unit}.` : `By ${unit}.`;
  figure.append(span, node("figcaption", "", said));
  return figure;
}

/** A bar a period, as high as its share of missing values. @param {Time["periods"]} periods @param {string} label */
function gaps(periods, label) {
  const most = Math.max(...periods.map((one) => one.nulls));
  const limit = `${Math.ceil(100 * most)}%`;
  const said = label || `Missing by period, at most ${limit}`;
  const drawn = svg("svg", { viewBox: `0 0 ${WIDE} 20`, preserveAspectRatio: "none", role: "img", "aria-label": said });
  const step = WIDE / periods.length;
  periods.forEach((one, i) => {
    const size = one.nulls * 20;
    drawn.append(svg("rect", { x: i * step, y: 20 - size, width: Math.max(step - 1, 0.5), height: size }));
  });
  const axis = node("div", "axis");
  axis.append(node("span", "", "missing"), node("span", "", most ? `≤ ${limit}` : "none"));
  const plot = node("div", "plot gaps");
  plot.append(axis, drawn);
  return plot;
}

/**
 * What comes from what, from the top down; features can be gone to.
 *
 * @param {LineageReply} lineage @param {(name: string) => void} go
 */
export function lineagePicture({ layers, more, steps }, go) {
  const picture = node("div", "flow");
  picture.style.height = `${layers.length * LAYER - (LAYER - BOX)}px`;
  const lines = svg("svg", { viewBox: `0 0 100 ${layers.length * LAYER - (LAYER - BOX)}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  picture.append(lines);
  /** @type {Map<string, [number, number]>} */
  const places = new Map();
  layers.forEach((things, i) => {
    const n = things.length + (more[i] ? 1 : 0);
    const layer = node("div", "layer");
    layer.setAttribute("role", "group");
    layer.setAttribute("aria-label", [...new Set(things.map((one) => one.kind))].join(", "));
    layer.style.top = `${i * LAYER}px`;
    things.forEach((thing, j) => {
      places.set(`${thing.kind} ${thing.name}`, [((j + 0.5) / n) * 100, i * LAYER]);
      layer.append(box(thing, go));
    });
    if (more[i]) layer.append(node("span", "box rest", `and ${more[i]} more`));
    picture.append(layer);
  });
  for (const [start, end] of steps) {
    const [from, to] = [places.get(start), places.get(end)];
    if (!from || !to) continue;
    const line = { x1: from[0], y1: from[1] + BOX, x2: to[0], y2: to[1], "vector-effect": "non-scaling-stroke" };
    lines.append(svg("line", line));
  }
  return picture;
}

/** @param {import("./kernel.js").Thing} thing @param {(name: string) => void} go */
function box({ kind, label, name, here }, go) {
  const leads = kind === "feature" && !here;
  const made = leads ? button("box", "", () => go(name), `Show feature ${name}`) : node("span", "box");
  made.classList.add(kind);
  if (here) made.setAttribute("aria-current", "true");
  made.title = `${kind} ${name}`;
  made.append(node("span", "kind", kind), node("span", "label", label));
  return made;
}
