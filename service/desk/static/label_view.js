// The labels as buttons: yes, no or unsure, beside what the model says.

import {$, element, shape} from "./dom.js";

/** @typedef {import("./server.js").Label} Label */
/** @typedef {import("./server.js").Verdict} Verdict */

/** @type {Record<Verdict, string>} */
const PRESSED = {yes: "true", no: "false", unsure: "mixed"};

export class LabelView {
  /** @param {(label: Label | null) => void} onLook called with the label that is pointed at */
  constructor(onLook) {
    this.onLook = onLook;
    /** @type {Map<number, Verdict>} */
    this.verdicts = new Map();
    /** @type {Label[]} */
    this.labels = [];
  }

  /** @param {Label[]} labels */
  show(labels) {
    this.labels = labels;
    this.verdicts = new Map(labels.map(label => [label.id, label.verdict]));
    $("labels").replaceChildren(...labels.map(label => this.button(label)));
  }

  /** Press the label with this key, if there is one.
   * @param {string} key
   * @param {boolean} isUnsure */
  pressKey(key, isUnsure) {
    const label = this.labels.find(label => label.key === key.toLowerCase());
    if (label) this.press(label, isUnsure);
    return Boolean(label);
  }

  /** @param {Label} label
   * @param {boolean} isUnsure */
  press(label, isUnsure) {
    const now = this.verdicts.get(label.id);
    const next = isUnsure ? (now === "unsure" ? "no" : "unsure") : now === "yes" ? "no" : "yes";
    this.verdicts.set(label.id, next);
    this.paint(label);
    this.onLook(label);
  }

  /** @param {Label} label */
  button(label) {
    const button = element("button", `ask c${label.colour}`);
    button.id = `label-${label.id}`;
    button.title = label.description;
    button.append(element("kbd", "", label.key.toUpperCase()), element("span", "name", label.name), element("span", "verdict"));
    if (label.score !== null) button.append(scoreLine(label, label.score));
    if (label.others.length) button.append(element("span", "others", label.others.join("; ")));
    button.addEventListener("click", event => this.press(label, event.shiftKey));
    for (const name of ["focus", "pointerenter"]) button.addEventListener(name, () => this.onLook(label));
    for (const name of ["blur", "pointerleave"]) button.addEventListener(name, () => this.onLook(null));
    this.paint(label, button);
    return button;
  }

  /** @param {Label} label
   * @param {HTMLElement} button */
  paint(label, button = $(`label-${label.id}`)) {
    const verdict = this.verdicts.get(label.id) ?? "no";
    button.setAttribute("aria-pressed", PRESSED[verdict]);
    const word = button.querySelector(".verdict");
    if (word) word.textContent = {yes: "✓ yes", no: "no", unsure: "? unsure"}[verdict];
  }
}

/** Score and threshold, as numbers and drawn.
 * @param {Label} label
 * @param {number} score */
function scoreLine(label, score) {
  const line = element("span", "score"), drawing = shape("svg", {viewBox: "0 0 100 8", "aria-hidden": "true"});
  drawing.append(
    shape("rect", {class: "rail", x: 0, y: 2, width: 100, height: 4}),
    shape("rect", {class: "fill", x: 0, y: 2, width: (100 * score).toFixed(1), height: 4}),
    shape("rect", {class: "mark", x: (100 * (label.threshold ?? 0.5) - 1).toFixed(1), y: 0, width: 2, height: 8}),
  );
  const words = `${score.toFixed(2)} of ${(label.threshold ?? 0.5).toFixed(2)}`;
  line.append(drawing, element("span", "", label.is_provisional ? `${words}, provisional` : words));
  return line;
}
