/* Elements without markup: text goes in as text only. */
const SVG = "http://www.w3.org/2000/svg";

export const at = (id) => document.getElementById(id);

const filled = (node, text, attributes) => {
  if (text !== undefined && text !== null) node.textContent = text;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
};

/* Written only where it differs: what is left alone need not be laid out or painted. */
export const put = (node, name, value) => {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
};
export const tell = (node, text) => {
  if (node.textContent !== text) node.textContent = text;
};

export const make = (tag, text, attributes = {}) => filled(document.createElement(tag), text, attributes);

export const drawn = (tag, text, attributes = {}) => filled(document.createElementNS(SVG, tag), text, attributes);

/* A table's caption, heads and rows; the first cell of a row is its head. */
export const fill = (table, caption, heads, rows) => {
  const head = make("tr");
  heads.forEach((label, index) => head.append(make("th", label, index ? { scope: "col", class: "n" } : { scope: "col" })));
  const body = make("tbody");
  for (const cells of rows) {
    const row = body.insertRow();
    cells.forEach((cell, index) => {
      const isNode = cell instanceof Node;
      const node = make(index ? "td" : "th", isNode ? null : String(cell), index ? { class: "n" } : { scope: "row" });
      if (isNode) node.append(cell);
      row.append(node);
    });
  }
  const top = make("thead");
  top.append(head);
  table.replaceChildren(make("caption", caption), top, body);
};
