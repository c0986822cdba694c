// The story, sentence by sentence: what is in the summary, what is furniture, what is evidence.

import {$, element} from "./dom.js";

/** @typedef {import("./server.js").Story} Story */
/** @typedef {import("./server.js").Piece} Piece */

const TITLE = -1; // where evidence stands that is the title

export class StoryView {
  constructor() {
    this.isMarkingFurniture = false;
    /** @type {Piece[]} */
    this.pieces = [];
    /** @type {Set<number>} starts of the chosen sentences */
    this.summary = new Set();
    this.isSummaryChanged = this.isFurnitureChanged = false;
    /** @type {Map<HTMLElement, Piece>} */
    this.nodes = new Map();
    $("story").addEventListener("click", event => this.press(event.target));
    $("story").addEventListener("keydown", event => this.onKey(event));
  }

  /** @param {Story} story */
  show(story) {
    this.pieces = story.pieces.map(piece => ({...piece}));
    this.summary = new Set(story.summary);
    this.isSummaryChanged = this.isFurnitureChanged = false;
    $("title").textContent = story.title || "Untitled story";
    $("source").textContent = story.source;
    $("why").textContent = story.note;
    this.nodes = new Map(this.pieces.map(piece => [element("span", "", piece.text), piece]));
    $("story").replaceChildren(...this.nodes.keys());
    this.paint();
    const first = this.buttons()[0];
    if (first) first.tabIndex = 0;
  }

  /** Underline the evidence for a label.
   * @param {number[]} starts */
  prove(starts) {
    $("title").classList.toggle("evidence", starts.includes(TITLE));
    for (const [node, piece] of this.nodes) {
      node.classList.toggle("evidence", piece.sentence !== null && starts.includes(piece.sentence));
    }
  }

  /** What was changed, as the server takes it.
   * @returns {{summary?: number[][], furniture?: number[][]}} */
  changes() {
    const ends = new Map(this.pieces.map(piece => [piece.sentence, piece.end]));
    const summary = [...this.summary].sort((a, b) => a - b).map(start => [start, ends.get(start) ?? start]);
    const furniture = this.pieces.filter(piece => piece.furniture !== null).map(piece => [piece.start, piece.end]);
    return {...(this.isSummaryChanged && {summary}), ...(this.isFurnitureChanged && {furniture})};
  }

  /** The piece that the keyboard is on, if it is in the story.
   * @returns {HTMLElement | null} */
  focused() {
    const node = document.activeElement;
    return node instanceof HTMLElement && this.nodes.has(node) ? node : null;
  }

  /** To the sentence after, or before; from elsewhere to where the keyboard was last.
   * @param {number} step */
  move(step) {
    const buttons = this.buttons(), now = this.focused();
    const at = now ? buttons.indexOf(now) + step : buttons.findIndex(node => node.tabIndex === 0);
    const next = buttons[Math.max(0, Math.min(at, buttons.length - 1))];
    if (!next) return;
    for (const node of buttons) node.tabIndex = node === next ? 0 : -1;
    next.focus();
    next.scrollIntoView({block: "nearest"});
  }

  /** @param {HTMLElement} node */
  toggleFurniture(node) {
    const piece = this.nodes.get(node);
    if (!piece) return;
    piece.furniture = piece.furniture === null ? "other" : null;
    this.isFurnitureChanged = true;
    if (piece.furniture !== null && piece.sentence !== null && this.summary.delete(piece.sentence)) this.isSummaryChanged = true;
    this.paint();
  }

  /** @param {HTMLElement} node */
  toggleSummary(node) {
    const start = this.nodes.get(node)?.sentence ?? null;
    if (start === null) return;
    if (!this.summary.delete(start)) this.summary.add(start);
    this.isSummaryChanged = true;
    this.paint();
  }

  /** @param {EventTarget | null} target */
  press(target) {
    const node = target instanceof HTMLElement ? target : null;
    const piece = node && this.nodes.get(node);
    if (!node || !piece || node.getAttribute("role") !== "button") return;
    if (this.isMarkingFurniture || piece.sentence === null) this.toggleFurniture(node);
    else this.toggleSummary(node);
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    if (event.key !== " " || !this.focused()) return;
    event.preventDefault();
    this.press(event.target);
  }

  buttons() {
    return [...this.nodes.keys()].filter(node => node.getAttribute("role") === "button");
  }

  paint() {
    for (const [node, piece] of this.nodes) {
      const isChosen = piece.sentence !== null && this.summary.has(piece.sentence);
      node.classList.toggle("chosen", isChosen);
      node.classList.toggle("furniture", piece.furniture !== null);
      node.title = piece.furniture === null ? "" : `furniture: ${piece.furniture}`;
      if (piece.text.trim() === "") continue;
      node.setAttribute("role", "button");
      node.setAttribute("aria-pressed", String(isChosen));
      node.setAttribute("aria-roledescription", piece.furniture === null ? "sentence" : "furniture");
      if (!node.hasAttribute("tabindex")) node.tabIndex = -1;
    }
  }
}
