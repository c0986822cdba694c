// The page at /: sends a text to /v1/analyze and shows what comes back.

const $ = id => document.getElementById(id);

const MESSAGES = {  // by a document's error code, else by the answer's status
  empty_text: "There is no text yet. Paste an article.",
  no_letters: "There are no letters in this text. Paste running text.",
  unreadable: "None of these words is known to the model. Paste running text in its language.",
  html_without_text: "There is no running text in this HTML. Paste the article as text.",
  401: "This service wants an API key. Type it in the field above and try again.",
  408: "The text took too long to arrive. Try again.",
  413: "This is more text than the service takes at once. Send a shorter piece.",
  429: "That was often. Wait a moment and try again.",
  500: "Something went wrong in the service, not in your text. Try again.",
  503: "The service is busy. Try again in a moment.",
  504: "The service took too long. Try a shorter text, or later.",
};

$("form").addEventListener("submit", event => {
  event.preventDefault();
  analyse();
});
document.addEventListener("keydown", event => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("form").requestSubmit();
});
$("file").addEventListener("change", async () => {
  const file = $("file").files[0];
  if (!file) return;
  $("text").value = await file.text();
  chooseKind(/\.x?html?$/i.test(file.name) ? "html" : "text");
});

async function analyse() {
  if ($("send").disabled) return;
  $("send").disabled = true;
  $("problem").textContent = $("said").textContent = "";
  $("stories").replaceChildren();
  $("legend").hidden = true;
  $("note").textContent = "Reading ...";
  const start = performance.now();
  try {
    const result = await ask({[kind()]: $("text").value, ...($("title").value.trim() && {title: $("title").value})});
    show(result, performance.now() - start);
  } catch (error) {
    $("note").textContent = "";
    $("problem").textContent = error.message;
  } finally {
    $("send").disabled = false;
  }
}

async function ask(document) {
  const key = $("key").value.trim();
  const response = await fetch("/v1/analyze", {
    method: "POST",
    headers: {"Content-Type": "application/json", ...(key && {Authorization: `Bearer ${key}`})},
    body: JSON.stringify({
      documents: [document],
      offsets: "utf16",
      summary: {sentences: +$("sentences").value},
      include: ["tags", "summary", "evidence", "furniture", "text"],
    }),
  }).catch(() => { throw new Error("The service does not answer. Is it running?"); });
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer.results[0];
  if (response.status === 401) {
    $("access").open = true;
    $("key").focus();
  }
  throw new Error(wordsFor(response.status, answer));
}

function wordsFor(status, problem) {
  const error = problem.errors?.[0];
  const words = MESSAGES[error?.code] ?? MESSAGES[status] ?? error?.message ?? problem.detail ?? `The service answered ${status}.`;
  return words[0].toUpperCase() + words.slice(1);
}

function show(result, milliseconds) {
  const read = result.coverage;
  $("note").textContent =
    `${count(read.tokens, "token")} in ${count(read.windows, "window")}, all read, in ${Math.round(milliseconds)} ms.`;
  const main = {...result.story, tags: result.tags, summary: result.summary};
  const stories = [main, ...result.other_stories];
  $("stories").append(...stories.flatMap(story => storyView(result.text, story, result.furniture)));
  $("legend").hidden = false;
  $("said").textContent = `${count(stories.length, "story", "stories")} found.`;
}

function storyView(text, story, furniture) {
  const title = element("h2", "", story.title ?? "Untitled story"), body = element("div", "story");
  const paint = evidence => {
    title.className = evidence.some(e => e.start === null) ? "evidence" : "";
    const pieces = [
      ...story.summary.sentences.map(s => ({...s, kind: "mark"})),
      ...evidence.filter(e => e.start !== null).map(e => ({...e, kind: "evidence"})),
      ...furniture.map(f => ({start: f.start, end: f.end, kind: "furniture", name: f.kind})),
    ].filter(p => p.end > story.start && p.start < story.end);
    body.replaceChildren(...slices(text, story, pieces));
  };
  paint([]);
  const tags = element("div", "tags");
  tags.append(...story.tags.map(tag => tagView(tag, tags, body, paint)));
  return [title, tags, summaryView(story.summary), body];
}

function summaryView(summary) {
  const card = element("section", "card"), head = element("header"), copy = element("button", "", "Copy");
  copy.type = "button";
  copy.addEventListener("click", async () => {
    await copyText(summary.text, words);
    copy.textContent = $("said").textContent = "Copied";
    setTimeout(() => { copy.textContent = "Copy"; }, 2000);
  });
  const words = element("p", "", summary.text || summary.note);
  head.append(element("h3", "", "Summary"), copy);
  card.append(head, words);
  if (summary.text && summary.note) card.append(element("p", "quiet", summary.note));
  return card;
}

async function copyText(text, node) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  getSelection().selectAllChildren(node);  // without https browsers have no clipboard
  document.execCommand("copy");
}

function tagView(tag, tags, body, paint) {
  const row = element("button", tag.assigned ? "tag assigned" : "tag");
  const bar = element("span", "bar"), fill = element("i"), line = element("b");
  fill.style.width = `${100 * tag.score}%`;
  line.style.left = `${100 * tag.threshold}%`;
  bar.append(fill, line);
  row.append(element("span", "", tag.label), bar, element("span", "", tag.score.toFixed(2)));
  row.type = "button";
  row.title = tag.assigned ? "Show the evidence" : "Not assigned";
  row.setAttribute("aria-pressed", "false");
  row.addEventListener("click", () => {
    const isPressed = row.getAttribute("aria-pressed") === "false";
    for (const other of tags.children) other.setAttribute("aria-pressed", other === row && isPressed);
    paint(isPressed ? tag.evidence : []);
    if (isPressed) body.querySelector(".evidence")?.scrollIntoView({behavior: "smooth", block: "center"});
    $("said").textContent = isPressed ? spoken(tag) : "No topic chosen.";
  });
  return row;
}

function spoken(tag) {
  if (!tag.assigned) return `${tag.label} was not assigned.`;
  return `${count(tag.evidence.length, "sentence")} for ${tag.label}, the strongest: ${tag.evidence[0]?.text ?? ""}`;
}

function slices(text, story, pieces) {
  const cuts = [...new Set([story.start, story.end, ...pieces.flatMap(p => [p.start, p.end])])]
    .filter(cut => cut >= story.start && cut <= story.end).sort((a, b) => a - b);
  return cuts.slice(1).map((end, i) => {
    const here = pieces.filter(p => p.start < end && p.end > cuts[i]), kinds = here.map(p => p.kind);
    const node = element(kinds.includes("mark") ? "mark" : "span", kinds.filter(k => k !== "mark").join(" "));
    node.title = here.find(p => p.name)?.name ?? "";
    node.textContent = text.slice(cuts[i], end);
    return node;
  });
}

function kind() {
  return document.querySelector("input[name=kind]:checked").value;
}

function chooseKind(value) {
  document.querySelector(`input[name=kind][value=${value}]`).checked = true;
}

function count(n, one, many = `${one}s`) {
  return `${n} ${n === 1 ? one : many}`;
}

function element(name, className = "", text = "") {
  const node = document.createElement(name);
  if (className) node.className = className;
  node.textContent = text;
  return node;
}
