// What the reading screen asks of the server. A save that does not get through is kept in the browser and tried again,
// under the same id, so that it counts once.

import {newId} from "./dom.js";

/** @typedef {{start: number, end: number, text: string, sentence: number | null, furniture: string | null}} Piece */
/** @typedef {"yes" | "no" | "unsure"} Verdict */
/** @typedef {{id: number, name: string, description: string, key: string, colour: number, score: number | null,
 *    threshold: number | null, is_provisional: boolean, evidence: number[], verdict: Verdict, others: string[]}} Label */
/** @typedef {{item: number | null, story: number, title: string, source: string, note: string, pieces: Piece[],
 *    labels: Label[], summary: number[], model: string}} Story */
/** @typedef {{save_id: string, lane: string, item: number | null, story: number, verdicts: Record<string, Verdict>,
 *    summary?: number[][], furniture?: number[][]}} Save */

const RETRY_MS = [300, 1000, 2000, 4000, 8000];

/** The server said no, and why. */
export class Refusal extends Error {
  /** @param {number} status
   * @param {string} detail */
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

export class Server {
  /** @param {string} base path of the project
   * @param {string} lane */
  constructor(base, lane) {
    this.base = base;
    this.lane = lane;
    this.csrf = document.querySelector("meta[name=csrf]")?.getAttribute("content") ?? "";
    this.store = `copydesk saves ${base}`;
  }

  /** The next stories.
   * @param {number} n
   * @param {number[]} held items that are shown already
   * @returns {Promise<Story[]>} */
  async claim(n, held) {
    return (await this.post("claim", {lane: this.lane, n, held})).stories;
  }

  /** One story, whichever waits.
   * @param {number} id
   * @returns {Promise<Story>} */
  async story(id) {
    return this.ask(`${this.base}/story/${id}`, {});
  }

  /** Keep a judgement; resolves with what there is to know once it is on the server's disk.
   * @param {Save} save
   * @param {(words: string) => void} onTrouble called when it has to be tried again
   * @returns {Promise<string>} */
  async save(save, onTrouble) {
    this.remember([...this.unsent(), save]);
    for (let i = 0; ; i++) {
      try {
        const answer = await this.post("save", save);
        this.forget(save.save_id);
        return answer.note;
      } catch (error) {
        if (error instanceof Refusal && ![408, 429, 500, 503, 504].includes(error.status)) {
          this.forget(save.save_id);
          throw error;
        }
        onTrouble(`${error instanceof Error ? error.message : error} Trying again ...`);
        await new Promise(resolve => setTimeout(resolve, RETRY_MS[Math.min(i, RETRY_MS.length - 1)]));
      }
    }
  }

  /** Take back a judgement.
   * @param {string} saveId
   * @returns {Promise<Story>} */
  async undo(saveId) {
    return (await this.post("undo", {save_id: saveId, undo_id: newId(), lane: this.lane || "main"})).story;
  }

  /** @param {number} item */
  async skip(item) {
    await this.post("skip", {items: [item]});
  }

  /** @param {number[]} items */
  async renew(items) {
    await this.post("renew", {items});
  }

  /** Let others have these; sent while the page is left.
   * @param {number[]} items */
  release(items) {
    if (items.length) this.post("release", {items}, true).catch(() => {});
  }

  /** Judgements that were not acknowledged before the page was last left.
   * @returns {Save[]} */
  unsent() {
    return JSON.parse(localStorage.getItem(this.store) ?? "[]");
  }

  /** @param {Save[]} saves */
  remember(saves) {
    const byId = new Map(saves.map(save => [save.save_id, save]));
    localStorage.setItem(this.store, JSON.stringify([...byId.values()]));
  }

  /** @param {string} saveId */
  forget(saveId) {
    this.remember(this.unsent().filter(save => save.save_id !== saveId));
  }

  /** @param {string} path
   * @param {object} body
   * @param {boolean} keepalive it outlives the page */
  async post(path, body, keepalive = false) {
    const headers = {"Content-Type": "application/json", "X-CSRF-Token": this.csrf};
    return this.ask(`${this.base}/${path}`, {method: "POST", headers, body: JSON.stringify(body), keepalive});
  }

  /** @param {string} url
   * @param {RequestInit} init */
  async ask(url, init) {
    const response = await fetch(url, init).catch(() => { throw new Error("The desk does not answer."); });
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw new Refusal(response.status, wordsFor(response.status, answer.detail));
    return answer;
  }
}

/** @param {number} status
 * @param {string | undefined} detail */
function wordsFor(status, detail) {
  if (status === 401) return "Your session is over. Sign in again in another tab, then go on here.";
  const words = detail ?? `The desk answered ${status}`;
  return `${words[0].toUpperCase()}${words.slice(1)}${/[.!?]$/.test(words) ? "" : "."}`;
}
