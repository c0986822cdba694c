// Small things that every page's script needs.

/** The element with this id, which the page has.
 * @param {string} id
 * @returns {HTMLElement} */
export function $(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no element ${id}`);
  return found;
}

/** A new element.
 * @param {string} name
 * @param {string} className
 * @param {string} text */
export function element(name, className = "", text = "") {
  const node = document.createElement(name);
  if (className) node.className = className;
  node.textContent = text;
  return node;
}

/** A new element of a drawing.
 * @param {string} name
 * @param {Record<string, string | number>} attributes */
export function shape(name, attributes) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  return node;
}

/** An identifier that nobody else has made; crypto.randomUUID is there on https alone. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map(byte => byte.toString(16).padStart(2, "0")).join("");
}
