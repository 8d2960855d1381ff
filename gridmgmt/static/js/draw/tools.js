/** The tools that make and unmake areas: split, draw, cut out, merge. Each is started, hears the map, is stopped. */

import { parts } from "./cut.js";
import { Sketch } from "./sketch.js";
import { nameOf, t } from "./words.js";

/** What the tools of a sketch have in common. @abstract */
class SketchTool {
  /** @param {object} room map, store, snapper, hint, outlines, done */
  constructor(room) {
    Object.assign(this, room);
  }

  get busy() {
    return Boolean(this.sketch && this.sketch.points.length);
  }

  start() {
    this.sketch = new Sketch(this.map, this.snapper, { ring: this.ring, onChange: () => this.changed(), onEnd: () => this.ended() });
    this.say();
  }

  stop() {
    if (this.sketch) this.sketch.remove();
    this.sketch = null;
    this.outlines.target([]);
    this.hint.clear();
  }

  cancel() {
    const had = this.busy;
    this.stop();
    if (had) this.start();
    else this.done();
  }

  say() {
    this.hint.say(t(this.words), this.sketch.points.length ? this.sketch.actions(() => this.cancel()) : []);
  }

  changed() {
    this.hint.error("");
    this.say();
    this.live();
  }

  live() {
    if (!this.sketch.ready) this.hint.live([]);
    else this.hint.live([{ label: t("new_area"), body: { geometry: this.sketch.geometry() } }]);
  }

  click(event) {
    this.sketch.click(event);
  }

  move(event) {
    this.sketch.move(event);
  }

  key(event) {
    if (event.key === "Enter") this.sketch.end();
    else if (event.key === "Backspace") this.sketch.back();
    else if (event.key === "Escape") this.cancel();
    else return false;
    return true;
  }

  /** Sends the step; what was drawn stays until the server has it. */
  async send(body) {
    const answer = await this.store.perform("steps/", body);
    if (answer) {
      this.stop();
      this.start();
      this.finished(answer);
      return;
    }
    const refusal = this.store.lastRefusal;
    this.sketch.reopen();
    this.hint.error(refusal.message, refusal.status === 0 || refusal.status === 409 ? [{ label: t("retry"), run: () => this.send(body) }] : []);
  }

  finished() {}
}

export class SplitTool extends SketchTool {
  ring = false;

  words = "hint_split";

  /** The area that the line runs through: the chosen one, or the one below its middle. */
  get target() {
    const { points } = this.sketch;
    const middle = points.length < 2 ? points[0] : this.#middle(points);
    return (middle && this.store.at(middle)) || this.store.areas.get(this.store.chosen) || null;
  }

  #middle(points) {
    const half = Math.floor((points.length - 1) / 2);
    const [a, b] = [points[half], points[half + 1]];
    return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  }

  live() {
    const { target } = this;
    this.outlines.target(target ? [target.id] : []);
    const pieces = target && this.sketch.ready ? parts(target.geometry, this.sketch.points) : null;
    this.hint.live((pieces || []).map((geometry, index) => ({ label: t("part", { n: index + 1 }), body: { geometry } })));
  }

  ended() {
    const { target } = this;
    if (!target) {
      this.sketch.reopen();
      this.hint.error(t("split_where"));
      return;
    }
    this.send({ verb: "split", grid: target.id, line: this.sketch.geometry() });
  }

  finished(answer) {
    const fresh = (answer.changed || []).find((feature) => feature.properties.change === "added");
    if (fresh) this.store.choose(fresh.id);
  }
}

/** A ring and a name. @abstract */
class NamedTool extends SketchTool {
  ring = true;

  ended() {
    this.hint.askName({ label: t("name_of_area"), submit: t("save"), value: this.name || "" }, (name) => this.save(name), () => {
      this.hint.closeForm();
      this.sketch.reopen();
    });
  }

  save(name) {
    this.name = name;
    this.hint.closeForm();
    this.send(this.body(name));
  }

  finished(answer) {
    this.name = "";
    const fresh = (answer.changed || []).find((feature) => feature.properties.change === "added");
    if (fresh) this.store.choose(fresh.id);
  }
}

export class DrawTool extends NamedTool {
  words = "hint_draw";

  body(name) {
    const { tier, areas } = this.store;
    const above = this.store.above();
    // every corner may lie on a border: the parent is the one that holds most of them
    const polygon = this.sketch.geometry();
    const ring = polygon.coordinates[0];
    const middle = [0, 1].map((axis) => ring.slice(1).reduce((sum, point) => sum + point[axis], 0) / (ring.length - 1));
    const chosen = areas.get(this.store.chosen);
    const found = above && (this.store.at(middle, above) || ring.map((point) => this.store.at(point, above)).find(Boolean));
    const parent = found || (chosen && chosen.properties.tier === above ? chosen : null);
    return { verb: "draw", tier, parent: parent ? parent.id : null, polygon, name };
  }
}

export class CutTool extends NamedTool {
  words = "hint_cut";

  body(name) {
    return { verb: "cut_out", polygon: this.sketch.geometry(), name, kind: "dedicated" };
  }
}

export class MergeTool {
  /** @param {object} room as above */
  constructor(room) {
    Object.assign(this, room);
    this.ids = [];
  }

  get busy() {
    return this.ids.length > 1;
  }

  start() {
    this.ids = this.store.chosen ? [this.store.chosen] : [];
    this.started = this.ids[0] || null;
    this.#show();
  }

  stop() {
    this.ids = [];
    this.started = null;
    this.outlines.target([]);
    this.hint.clear();
  }

  #show() {
    this.ids = this.ids.filter((id) => this.store.areas.has(id));
    this.outlines.target(this.ids);
    const names = this.ids.map((id) => nameOf(this.store.areas.get(id).properties));
    this.hint.say(
      names.length ? `${t("hint_merge")} ${names.join(" + ")}` : t("hint_merge"),
      names.length ? [
        { label: t("merge_n", { n: names.length }), key: "Enter", primary: true, disabled: names.length < 2, run: () => this.send() },
        { label: t("cancel"), key: "Esc", run: () => this.cancel() },
      ] : [],
    );
    this.hint.live(names.length > 1 ? [{ label: t("together"), body: { grids: this.ids } }] : []);
  }

  click(event) {
    const area = this.store.at([event.latlng.lng, event.latlng.lat]);
    if (!area) return;
    this.hint.error("");
    this.toggle(area.id);
  }

  /** Adds or takes away by the map or by the list of the panel. */
  toggle(id) {
    // What was chosen before may lie far off the screen: it takes part with its siblings only.
    if (this.ids.length === 1 && this.ids[0] === this.started && !this.#siblings(id, this.started)) this.ids = [];
    this.ids = this.ids.includes(id) ? this.ids.filter((one) => one !== id) : [...this.ids, id];
    this.#show();
  }

  #siblings(one, other) {
    const [a, b] = [this.store.areas.get(one), this.store.areas.get(other)];
    return Boolean(a && b) && a.properties.parent_id === b.properties.parent_id;
  }

  cancel() {
    const had = this.ids.length;
    this.stop();
    if (had) this.#show();
    else this.done();
  }

  async send() {
    if (this.ids.length < 2) return;
    const answer = await this.store.perform("steps/", { verb: "merge", grids: this.ids });
    if (answer) {
      const kept = this.ids.find((id) => this.store.areas.has(id));
      this.stop();
      this.#show();
      this.store.choose(kept || null);
      return;
    }
    const refusal = this.store.lastRefusal;
    this.#show();
    this.hint.error(refusal.message, refusal.status === 0 || refusal.status === 409 ? [{ label: t("retry"), run: () => this.send() }] : []);
  }

  key(event) {
    if (event.key === "Enter") this.send();
    else if (event.key === "Escape") this.cancel();
    else return false;
    return true;
  }
}

/** Looking and choosing, for readers and between other tools. */
export class SelectTool {
  constructor(room) {
    Object.assign(this, room);
  }

  get busy() {
    return false;
  }

  start() {
    this.hint.clear();
  }

  stop() {}

  click(event) {
    const area = this.store.at([event.latlng.lng, event.latlng.lat]);
    this.store.choose(area ? area.id : null);
    if (area) this.opened();
  }

  key(event) {
    if (event.key !== "Escape" || !this.store.chosen) return false;
    this.store.choose(null);
    return true;
  }
}
