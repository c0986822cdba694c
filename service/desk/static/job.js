// A training's page: the log as it grows; when the training has ended, the page with the comparison.

import {$} from "./dom.js";

const log = $("log");
const events = new EventSource(log.dataset.events ?? "");
events.addEventListener("log", event => {
  log.append(JSON.parse(event.data));
  log.scrollTop = log.scrollHeight;
});
events.addEventListener("end", () => {
  events.close();
  location.reload();
});
