// @ts-check
/**
 * Questions to the kernel and what they are answered with: see questions.py, sections.py, tray.py.
 *
 * @typedef {{ picked: string[], snippet: string, script: string, text: string, spine: string, cutoff: string }} Model  the synced traits of browse.py
 * @typedef {{ name: string, type: string, owner: string, description: string, tags: string[],
 *   entities: string[], formula: string, unit: string, mark: string, bins?: number[] | null,
 *   low?: string, high?: string, nulls?: number | null, freshness?: string | null, age?: string,
 *   used?: number | null, health?: "good" | "look" | "bad" | null }} Row
 * @typedef {{ counts: number[], low: string, high: string, nulls: number | null }} Bins
 * @typedef {{ value: string, count: number }} Choice
 * @typedef {{ total: number, rows: Row[], facets: Record<string, Choice[]> }} Page
 * @typedef {{ text: string, kept: Record<string, string>, sort: string, start: number }} Search
 * @typedef {{ name: string, about: string, facts: [string, string][], code: string }} Card
 * @typedef {{ kind: string, label: string, name: string, here: boolean }} Thing
 * @typedef {{ start: string, n: number, nulls: number, low: number | null, middle: number | null, high: number | null }} Period
 * @typedef {{ facts: [string, string][], bins: Bins }} Values
 * @typedef {{ unit: string, periods: Period[], least: string, most: string }} Time
 * @typedef {{ mark: "good" | "look" | "bad", reasons: { code: string, title: string, seen: string, why: string, mend: string }[] }} Health
 * @typedef {{ total: number, uses: { kind: string, name: string, who: string, when: string }[], notes: string[] }} Users
 * @typedef {{ layers: Thing[][], more: number[], steps: [string, string][] }} Lineage
 * @typedef {{ found: { name: string, why: string }[] }} Similar
 * @typedef {{ spines: { name: string, kind: string }[], columns: string[] }} Spines
 * @typedef {{ title: string, cost: string, found: { name: string, covered: number }[], notes: string[] }} Coverage
 * @typedef {{ search: Search, rows: Search, bins: { names: string[] },
 *   card: { name: string }, values: { name: string }, time: { name: string },
 *   health: { name: string }, users: { name: string }, lineage: { name: string }, similar: { name: string },
 *   spines: { spine: string }, coverage: {}, code: {} }} Requests
 * @typedef {{ search: Page, rows: Page, bins: Record<string, Bins>, card: Card, values: Values,
 *   time: Time, health: Health, users: Users, lineage: Lineage, similar: Similar, spines: Spines,
 *   coverage: Coverage, code: { code: string } }} Replies
 * @typedef {<K extends keyof Requests>(kind: K, payload: Requests[K]) => Promise<Replies[K] | null>} Ask
 */

const GONE = "The kernel of this browser has ended. Run its cell again.";

/**
 * An answer to anything but the newest question of its kind is null.
 *
 * @param {import("@anywidget/types").AnyModel<Model>} model
 * @returns {{ ask: Ask, close: () => void }}
 */
export function connect(model) {
  /** @type {Map<string, { resolve: (value: unknown) => void, reject: (error: Error) => void, kind: string }>} */
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
    ask(kind, payload) {
      for (const [id, waiting] of open) {
        if (waiting.kind === kind) {
          open.delete(id);
          waiting.resolve(null);
        }
      }
      const id = `${mine}-${++last}`;
      return new Promise((resolve, reject) => {
        const given = /** @type {(value: unknown) => void} */ (resolve);
        open.set(id, { resolve: given, reject, kind });
        try {
          model.send({ id, kind, payload });
        } catch {
          open.delete(id); // Jupyter has closed the channel: the kernel was restarted or ended
          reject(new Error(GONE));
        }
      });
    },
    close() {
      model.off("msg:custom", receive);
      open.clear();
    },
  };
}
