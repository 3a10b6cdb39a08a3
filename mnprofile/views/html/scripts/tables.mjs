/* Tables of the class "sortable": a button in every header sorts, a field filters. */
(() => {
  const make = (tag, text) => {
    const node = document.createElement(tag);
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const heads = (table) => table.tHead.rows[table.tHead.rows.length - 1].cells;
  const key = (row, column) => {
    const cell = row.cells[column];
    return "n" in cell.dataset ? Number(cell.dataset.n) : cell.textContent;
  };
  const compare = (a, b) =>
    typeof a === "number" && typeof b === "number" ? a - b
      : String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0;

  const sort = (table, column, head) => {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of heads(table)) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const rows = [...table.tBodies[0].rows];
    rows.sort((a, b) => compare(key(a, column), key(b, column)) * (down ? -1 : 1));
    table.tBodies[0].append(...rows);
  };

  const addFilter = (table, number) => {
    const line = make("p");
    const label = make("label", "Filter rows");
    const field = make("input");
    const said = make("span");
    line.className = "filter";
    field.type = "search";
    field.id = label.htmlFor = `filter-${number}`;
    said.setAttribute("role", "status");
    field.addEventListener("input", () => {
      const wanted = field.value.trim().toLowerCase();
      const rows = [...table.tBodies[0].rows];
      for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
      const left = rows.filter((row) => !row.hidden).length;
      said.textContent = wanted ? `${left} of ${rows.length} rows` : "";
    });
    line.append(label, field, said);
    table.parentElement.before(line);
  };

  document.querySelectorAll("table.sortable").forEach((table, number) => {
    [...heads(table)].forEach((head, column) => {
      const button = make("button", head.textContent);
      button.type = "button";
      button.addEventListener("click", () => sort(table, column, head));
      head.replaceChildren(button);
    });
    addFilter(table, number);
  });
  // A frame gets the keyboard focus only if it can be scrolled. All are measured before any
  // is changed, and none in a closed section: each of both would be a layout of its own.
  const frames = () => {
    const open = [...document.querySelectorAll(".scroll")].filter((one) => !one.closest("details:not([open])"));
    const wide = open.map((one) => one.scrollWidth > one.clientWidth);
    open.forEach((one, index) => {
      if (!wide[index]) one.removeAttribute("tabindex");
      else if (!one.hasAttribute("tabindex")) one.setAttribute("tabindex", "0");
    });
  };
  new ResizeObserver(frames).observe(document.body);
  document.addEventListener("toggle", frames, true);
  const open = () => document.querySelectorAll("details").forEach((one) => { one.open = true; });
  window.addEventListener("beforeprint", open);
})();
