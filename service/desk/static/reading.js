// The reading screen: one story at a time, the next already here.

import {$, newId} from "./dom.js";
import {LabelView} from "./label_view.js";
import {Refusal, Server} from "./server.js";
import {StoryView} from "./story_view.js";

/** @typedef {import("./server.js").Story} Story */
/** @typedef {import("./server.js").Save} Save */

const RENEW_MS = 60_000;
const LOOK_AGAIN_MS = 3_000;
const AHEAD = 2; // stories that are held: the one that is read, and the next

const {base = "", lane = "", story: only = "0"} = $("desk").dataset;
const server = new Server(base, lane);
const story = new StoryView();
const labels = new LabelView(label => story.prove(label?.evidence ?? []));

/** @type {Story[]} the first one is shown */
let waiting = [];
/** @type {string[]} what was saved here, the latest last */
const saved = [];
/** @type {Promise<unknown>} the saves under way, one after the other */
let saving = Promise.resolve();
let nSaving = 0;
let fetching = Promise.resolve();

start();

async function start() {
  listen();
  for (const save of server.unsent()) keep(save);
  if (Number(only)) {
    await attempt(async () => { waiting = [await server.story(Number(only))]; });
    show();
  } else {
    await fetchMore();
    show();
    setInterval(() => attempt(() => server.renew(held())), RENEW_MS);
    setInterval(lookAgain, LOOK_AGAIN_MS);
    addEventListener("pagehide", () => server.release(held()));
  }
}

function listen() {
  document.addEventListener("keydown", onKey);
  $("save").addEventListener("click", save);
  $("undo").addEventListener("click", undo);
  $("skip").addEventListener("click", skip);
  $("help").addEventListener("click", showKeys);
  $("furniture").addEventListener("click", markFurniture);
  document.getElementById("lane")?.addEventListener("change", event => {
    if (event.target instanceof HTMLSelectElement) event.target.form?.submit();
  });
  addEventListener("beforeunload", event => { if (nSaving) event.preventDefault(); });
}

/** Where nothing waits, show what comes in meanwhile: stories handed in, or read by the model. */
function lookAgain() {
  if (waiting.length || nSaving || document.hidden) return;
  fetchMore().then(() => { if (waiting.length && $("screen").hidden) show(); });
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  const target = event.target instanceof HTMLElement ? event.target : document.body;
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat && event.key === "Enter" || target.closest("dialog, select, input, textarea, summary, a")) return;
  const isButton = target.closest("button") !== null;
  if (event.key === "Enter" && !isButton) save();
  else if (event.key === "?") showKeys();
  else if (event.key === "ArrowDown" || event.key === "ArrowUp") story.move(event.key === "ArrowDown" ? 1 : -1);
  else if (/^f$/i.test(event.key)) markFurniture();
  else if (/^u$/i.test(event.key)) undo();
  else if (/^s$/i.test(event.key)) skip();
  else if (!labels.pressKey(keyOf(event), event.shiftKey)) return;
  event.preventDefault();
}

/** The key itself: with Shift a digit's key gives another character.
 * @param {KeyboardEvent} event */
function keyOf(event) {
  return /^(Digit|Numpad)\d$/.test(event.code) ? event.code.slice(-1) : event.key;
}

function save() {
  const now = waiting[0];
  if (!now || !labels.verdicts.size) return;
  const verdicts = Object.fromEntries([...labels.verdicts].map(([id, verdict]) => [String(id), verdict]));
  /** @type {Save} */
  const save = {save_id: newId(), lane, item: now.item, story: now.story, verdicts, ...story.changes()};
  waiting.shift();
  saved.push(save.save_id);
  keep(save);
  show();
  if (!Number(only)) fetchMore().then(() => { if ($("screen").hidden) show(); });
}

/** Send a save after those before it, and say how it went.
 * @param {Save} save */
function keep(save) {
  nSaving += 1;
  say("Saving ...");
  saving = saving.then(async () => {
    try {
      const note = await server.save(save, complain);
      complain(note);
      say(`Saved, ${saved.length} in this session.`);
    } catch (error) {
      saved.splice(saved.indexOf(save.save_id), 1);
      complain(`A judgement was not saved. ${error instanceof Error ? error.message : error}`);
    } finally {
      nSaving -= 1;
    }
  });
}

async function undo() {
  const last = saved.pop();
  if (!last) return say("There is nothing to undo on this page.");
  await saving;
  await attempt(async () => {
    waiting.unshift(await server.undo(last));
    say("Undone: judge this story anew.");
  });
  show();
}

async function skip() {
  const now = waiting.shift();
  if (!now) return;
  if (now.item !== null) await attempt(() => server.skip(Number(now.item)));
  if (!waiting.length && !Number(only)) await fetchMore();
  show();
  say("Skipped.");
  if (!Number(only)) fetchMore();
}

function markFurniture() {
  const node = story.focused();
  if (node) return story.toggleFurniture(node);
  story.isMarkingFurniture = !story.isMarkingFurniture;
  $("furniture").setAttribute("aria-pressed", String(story.isMarkingFurniture));
}

/** Have the next stories here. One request after the other: two at once would bring the same stories. */
function fetchMore() {
  fetching = fetching.then(async () => {
    await saving;
    const missing = AHEAD - waiting.length;
    if (missing > 0) await attempt(async () => { waiting.push(...await server.claim(missing, held())); });
  });
  return fetching;
}

function show() {
  const now = waiting[0];
  $("screen").hidden = !now;
  $("done").hidden = Boolean(now);
  if (!now) return say(nSaving ? "Saving ..." : saved.length ? $("state").textContent ?? "" : "");
  $("screen").dataset.story = String(now.story);
  story.show(now);
  labels.show(now.labels);
  scrollTo(0, 0);
  if (!saved.length) say("Enter saves, ? shows the keys.");
}

function held() {
  return waiting.flatMap(one => one.item === null ? [] : [one.item]);
}

function showKeys() {
  const dialog = $("keys");
  if (dialog instanceof HTMLDialogElement) dialog.showModal();
}

/** Do something; what goes wrong is said on the page.
 * @param {() => Promise<void>} work */
async function attempt(work) {
  try {
    await work();
    return true;
  } catch (error) {
    complain(error instanceof Refusal || error instanceof Error ? error.message : String(error));
    return false;
  }
}

/** @param {string} words */
function say(words) {
  $("state").textContent = words;
}

/** @param {string} words nothing: all is well again */
function complain(words) {
  $("problem").textContent = words;
  $("problem").hidden = !words;
}
