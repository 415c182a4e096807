// Tables that are sorted by their headers and filtered by words, kinds and choices.
// Without this script they are plain tables with all rows.

/** What a cell is sorted by: its number, else its text; nothing where there is no value. */
function keyOf(cell) {
  if (cell.dataset.value !== undefined) return Number(cell.dataset.value);
  const text = cell.textContent.trim();
  if (text === "" || text === "n/a") return null;
  if (!cell.classList.contains("number")) return text.toLowerCase();
  const number = parseFloat(text.replaceAll(",", ""));
  return Number.isNaN(number) ? null : number;
}

/** Numbers before text, and whatever has no value at the end, in both directions. */
function compare(a, b, sign) {
  if (a === null || b === null) return (a === null) - (b === null);
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return sign * (typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true }));
}

function sortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  const original = [...body.rows];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...head.childNodes);
    head.append(button);
    head.ariaSort = "none";
    button.addEventListener("click", () => {
      const next = { none: "ascending", ascending: "descending", descending: "none" }[head.ariaSort];
      for (const other of heads) other.ariaSort = "none";
      head.ariaSort = next;
      if (next === "none") return body.append(...original);
      const sign = next === "ascending" ? 1 : -1;
      const keyed = original.map((row) => [keyOf(row.cells[column]), row]);
      keyed.sort(([a], [b]) => compare(a, b, sign));
      body.append(...keyed.map(([, row]) => row));
    });
  });
}

/** Shows the rows and marks that fit all that is asked for, and says how many rows they are. */
function filtering(form) {
  const query = document.getElementById("query");
  const choices = [...form.querySelectorAll("select[data-filter]")];
  const kinds = [...form.querySelectorAll("input[name=kind]")];
  const things = [...document.querySelectorAll("[data-kind], [data-tasks]")];
  const texts = new Map(things.map((thing) => [thing, thing.textContent.toLowerCase()]));
  const main = document.querySelector("table[data-rows]").tBodies[0];

  function fits(thing, words, hidden) {
    if (hidden.has(thing.dataset.kind)) return false;
    for (const { dataset, value } of choices) {
      const name = dataset.filter === "rows" ? "rowsHeld" : dataset.filter;
      if (value && !thing.dataset[name].split(" ").includes(value)) return false;
    }
    return words.every((word) => texts.get(thing).includes(word));
  }

  function apply() {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    const hidden = new Set(kinds.filter((kind) => !kind.checked).map((kind) => kind.value));
    for (const thing of things) thing.toggleAttribute("hidden", !fits(thing, words, hidden));
    const shown = [...main.rows].filter((row) => !row.hasAttribute("hidden")).length;
    const count = shown === main.rows.length ? shown : `${shown} of ${main.rows.length}`;
    document.getElementById("shown").textContent = `${count} rows; a column's title sorts`;
  }

  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  apply();
}

document.addEventListener("DOMContentLoaded", () => {
  for (const table of document.querySelectorAll("table[data-rows]")) sortable(table);
  const form = document.querySelector("form.filters");
  if (form) filtering(form);
});
