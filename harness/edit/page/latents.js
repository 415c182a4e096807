// The page of an editor of latents: what is wanted of an image, and how far the edit goes.

import { Choices } from "./choices.js";
import { Artist, Refused, post } from "./server.js";
import { at, complain, controls, failed, files, open, say, serveAgain, start } from "./shell.js";
import { Stage, paint } from "./stage.js";
import { History } from "./state.js";

const history = new History();
let about = null;
let shown = null; // the last answer
let held = null; // the step before a drag or a slide, and where the keypoints were
let announced = ""; // said when the picture is there
let drawnSeed = null;

// A step is a plain value: source, wanted texts by name, and strength in levels.

function untouched(source) {
  return { source, wants: {}, level: about.levels };
}

function withWant(edit, name, text) {
  const wants = { ...edit.wants };
  if (text === null) delete wants[name];
  else wants[name] = text;
  return { ...edit, wants };
}

function request({ source, wants, level }) {
  return { ...source, want: Object.values(wants), strength: level / about.levels };
}

function changes(edit) {
  return Object.keys(edit.wants).length > 0 && edit.level > 0;
}

// Drawing ----------------------------------------------------------------------------------------

const artist = new Artist(
  async (step, signal) => post("api/edit", request(step), { signal }),
  async (answer, step) => {
    shown = answer;
    await Promise.all([
      paint(at("picture"), answer.picture),
      paint(at("plain"), answer.plain),
      paintOther(),
    ]);
    if (about.kind === "keypoints") stage.place(places(step), answer.colours);
    if (step === history.now) {
      showControls();
      say(announced);
      document.body.dataset.drawn = JSON.stringify(request(step));
    }
    complain("");
  },
  (error, step) => {
    say("");
    failed(error, () => artist.want(step));
  },
);

async function paintOther() {
  const { photo } = history.now?.source ?? {};
  const view = document.querySelector("input[name=view]:checked").value;
  at("beside").hidden = !shown || !view || (view === "photo" && !photo);
  if (at("beside").hidden) return;
  const text = view === "photo" ? "Photo" : "Difference";
  at("other").setAttribute("aria-label", text);
  at("other-caption").textContent = view === "photo" ? text : `${text}: ${shown.legend}`;
  await paint(at("other"), view === "photo" ? `api/photo/${photo}` : shown.change);
}

/** Draws the step that the history stands at. */
function draw(text, urgent = false) {
  announced = text;
  delete document.body.dataset.drawn;
  if (history.now) artist.want(history.now, urgent);
  showButtons();
}

/** Goes on to a step and draws it. */
function step(next, text, urgent = false) {
  at("saved").hidden = true;
  history.add(next);
  draw(text, urgent);
}

/** One step of the history for a whole drag: the first change adds it, later ones replace it. */
function slide(next, text) {
  at("saved").hidden = true;
  if (history.now === held.step) history.add(next);
  else history.replace(next);
  draw(text);
}

serveAgain(
  () => about,
  () => {
    drawnSeed = null;
    draw("The server is back.");
  },
);

// Keypoints --------------------------------------------------------------------------------------

/** Where handles stand: where a keypoint is wanted, else where the guide sees it. */
function places({ wants }) {
  return shown.after.map((point, index) =>
    wants[index] ? wants[index].split("=")[1].split(",").map(Number) : point,
  );
}

function wantedAt(edit, index, [x, y]) {
  const [across, down] = [x, y].map((value) => Math.min(Math.max(value, 0), 1).toFixed(3));
  return withWant(edit, index, `${index}=${across},${down}`);
}

const stage = new Stage(at("handles"), {
  begin() {
    held = { step: history.now, places: places(history.now) };
  },
  drag(index, right, down) {
    if (!right && !down && history.now === held.step) return;
    const [x, y] = held.places[index];
    slide(wantedAt(held.step, index, [x + right, y + down]), `Keypoint ${index} is wanted there.`);
  },
  end() {
    held = null;
  },
  step(index, right, down) {
    const [x, y] = places(history.now)[index];
    step(wantedAt(history.now, index, [x + right, y + down]), `Keypoint ${index} is wanted there.`);
  },
  choose() {},
});

// Controls ---------------------------------------------------------------------------------------

const samples = new Choices(at("samples"), (image) => {
  const next = { ...history.now, source: { seed: drawnSeed, image } };
  step(next, `Image ${image}.`, true);
});

at("strength").addEventListener("input", (event) => {
  if (!history.now) return;
  held ??= { step: history.now };
  const level = Number(event.target.value);
  slide({ ...held.step, level }, `Strength ${percent(level)} %.`);
  showControls();
});
at("strength").addEventListener("change", () => {
  held = null;
});

at("wanted").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = at("text").value.trim();
  if (!history.now) return;
  step(withWant(history.now, "caption", text || null), text ? `Wanted: ${text}` : "As it was.");
});

/** Shows the step that the history stands at in all controls. */
function showControls() {
  const now = history.now;
  if (!now || !shown) return;
  const { seed, image, photo } = now.source;
  if (!photo && seed !== drawnSeed) showDraw(seed);
  samples.show(photo ? null : image);
  at("strength").value = now.level;
  at("strength-value").textContent = `${percent(now.level)} %`;
  at("strength").disabled = Object.keys(now.wants).length === 0;
  at("view-photo").hidden = !photo;
  if (document.activeElement !== at("text")) at("text").value = now.wants.caption ?? "";
  at("length").textContent = shown.length;
  showFigures(now);
  const name = photo ? `${files.get(photo)?.name ?? "photo"} among the generator's images` : "";
  at("plain-caption").textContent = `${name || `Seed ${seed}, image ${image}`}, before`;
  at("caption").textContent = changes(now) ? Object.values(now.wants).join(", ") : "Nothing wanted";
  showButtons();
}

function percent(level) {
  return Math.round((100 * level) / about.levels);
}

function showButtons() {
  const now = history.now;
  at("undo").disabled = !history.canUndo;
  at("redo").disabled = !history.canRedo;
  at("reset").disabled = !(now && Object.keys(now.wants).length);
  at("save").disabled = !(now && changes(now));
}

/** A row for every figure; attributes have their choices in it. */
function showFigures(now) {
  const body = at("figures").tBodies[0];
  const names = shown.figures.map((figure) => figure.name);
  if (body.dataset.names !== JSON.stringify(names)) {
    body.dataset.names = JSON.stringify(names);
    body.replaceChildren(...names.map(row));
  }
  at("figures").hidden = names.length === 0;
  shown.figures.forEach((figure, index) => {
    const cells = body.rows[index].cells;
    const wanted = now.wants[figure.name]?.split("=")[1] ?? "";
    for (const input of body.rows[index].querySelectorAll("input")) {
      input.checked = input.value === wanted;
    }
    const [guide, judge] = [cells[cells.length - 2], cells[cells.length - 1]];
    guide.textContent = figure.guide.join(" → ");
    judge.textContent = figure.judge.join(" → ");
    body.rows[index].classList.toggle("asked", wanted !== "");
  });
}

function row(name) {
  const made = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = name.replaceAll("_", " ");
  made.append(head);
  for (const value of about.kind === "attributes" ? ["", "0", "1"] : []) {
    const input = document.createElement("input");
    input.type = "radio";
    input.name = `want-${name}`;
    input.value = value;
    input.setAttribute("aria-label", value ? `${head.textContent} ${value}` : `${head.textContent} as is`);
    input.addEventListener("change", () => {
      const text = value ? `${name}=${value}` : null;
      step(withWant(history.now, name, text), text ? `Wanted: ${text}` : `${head.textContent} as is.`);
    });
    const cell = document.createElement("td");
    cell.className = "choice";
    cell.append(input);
    made.append(cell);
  }
  made.append(document.createElement("td"), document.createElement("td"));
  return made;
}

/** The pictures of a draw. */
function showDraw(seed) {
  drawnSeed = seed;
  at("seed").value = seed;
  const urls = Array.from(
    { length: about.count },
    (_, index) => `api/sample/${index}?seed=${encodeURIComponent(seed)}`,
  );
  samples.pictures(urls, (index) => `Image ${index}`);
}

// Seeds and photos -------------------------------------------------------------------------------

/** Goes to a seed; what is wanted stays. The server says what is wrong with a bad seed. */
async function drawSeed(seed) {
  at("seed-problem").textContent = "";
  at("seed").removeAttribute("aria-invalid");
  const source = { seed: String(seed).trim(), image: history.now?.source.image ?? 0 };
  say("Drawing …");
  try {
    await post("api/edit", { ...source, want: [] });
  } catch (error) {
    say("");
    if (!(error instanceof Refused)) return failed(error);
    at("seed").setAttribute("aria-invalid", "true");
    at("seed-problem").textContent = error.message;
    return;
  }
  step({ ...(history.now ?? untouched(source)), source }, `Seed ${source.seed}.`, true);
}

at("seeds").addEventListener("submit", (event) => {
  event.preventDefault();
  drawSeed(at("seed").value);
});
at("next").addEventListener("click", nextSeed);
at("photo").addEventListener("change", (event) =>
  open(
    event.target,
    (photo, name) => step({ ...history.now, source: { photo } }, `${name} is open.`, true),
    "Finding the photo among the generator's images, which takes some seconds …",
  ),
);

function nextSeed() {
  if (!about) return;
  drawSeed(BigInt(history.now?.source.seed ?? drawnSeed ?? 0) + 1n);
}

// Steps ------------------------------------------------------------------------------------------

at("reset").addEventListener("click", () => step(untouched(history.now.source), "As it was."));
controls({ history, draw, request, nextSeed, paintOther });

// Beginning --------------------------------------------------------------------------------------

await start((found) => {
  about = found;
  document.title = `${about.method}: harness edit`;
  at("run").textContent = about.run;
  at("strength").max = about.levels;
  at("caption-line").hidden = about.kind !== "embedding";
  at("drag-hint").hidden = at("dots-choice").hidden = about.kind !== "keypoints";
  document.body.classList.add(`kind-${about.kind}`);
  document.body.classList.toggle("smooth", (at("smooth").checked = about.size >= 128));
  drawSeed(0);
});
