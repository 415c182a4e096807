// The page: controls make steps of a history, and each step is drawn.

import { Choices } from "./choices.js";
import { Artist, Refused, post } from "./server.js";
import { at, complain, controls, failed, files, open, say, serveAgain, start } from "./shell.js";
import { Stage, paint } from "./stage.js";
import { History, moved, operations, untouched, withLook } from "./state.js";

const history = new History();
let about = null;
let shown = null; // the last answer
let part = 0; // the part that the controls are about, -1 for all
let dragged = null; // the step before a drag or a slide
let announced = ""; // said when the picture is there
let drawnSeed = null;

// Drawing ----------------------------------------------------------------------------------------

function request(step) {
  const { seed, image, photo } = step.source;
  const source = photo ? { photo, look: step.look } : { seed, image };
  return { ...source, operations: operations(step, shown?.after.length ?? 0) };
}

const artist = new Artist(
  async (step, signal) => post("api/edit", request(step), { signal }),
  async (answer, step) => {
    shown = answer;
    await Promise.all([paint(at("picture"), answer.picture), paintOther()]);
    at("empty").hidden = true;
    stage.place(answer.after, answer.colours);
    if (step === history.now) {
      showControls();
      say(announced);
      document.body.dataset.drawn = JSON.stringify(request(step));
    }
    complain("");
  },
  (error, step) => failed(error, () => artist.want(step)),
);

async function paintOther() {
  const { photo } = history.now?.source ?? {};
  const view = document.querySelector("input[name=view]:checked").value;
  at("beside").hidden = !shown || !view || (view === "photo" && !photo);
  if (at("beside").hidden) return;
  const [name, more] = {
    change: ["Difference", `: ${shown.legend}`],
    plain: ["Before", photo ? ": the photo as the method draws it" : ""],
    photo: ["Photo", ""],
  }[view];
  at("other").setAttribute("aria-label", name);
  at("other-caption").textContent = `${name}${more}`;
  await paint(at("other"), view === "photo" ? `api/photo/${photo}` : shown[view]);
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

serveAgain(
  () => about,
  () => {
    drawnSeed = null;
    draw("The server is back.");
  },
);

// The picture ------------------------------------------------------------------------------------

const stage = new Stage(at("handles"), {
  begin() {
    dragged = history.now;
  },
  drag(index, right, down) {
    if (!right && !down && history.now === dragged) return;
    slide(moved(dragged, index, right, down), `Keypoint ${index} moved.`);
  },
  end() {
    dragged = null;
  },
  step(index, right, down) {
    step(moved(history.now, index, right, down), `Keypoint ${index} moved.`);
  },
  choose(index) {
    part = index;
    showControls();
  },
});

/** One step of the history for a whole drag: the first change adds it, later ones replace it. */
function slide(next, text) {
  at("saved").hidden = true;
  if (history.now === dragged) history.add(next);
  else history.replace(next);
  draw(text);
}

/** A slider changes one value of the edit; while it moves, the same step is replaced. */
function slider(id, changed, text) {
  const input = at(id);
  input.addEventListener("input", () => {
    if (!history.now) return;
    dragged ??= history.now;
    slide(changed(dragged, Number(input.value)), text(Number(input.value)));
    showControls();
  });
  input.addEventListener("change", () => {
    dragged = null;
  });
}

slider("scale", (edit, scale) => ({ ...edit, scale }), (value) => `Scaled to ${value} %.`);
slider("turn", (edit, turn) => ({ ...edit, turn }), (value) => `Turned by ${value}°.`);
slider(
  "share",
  (edit, share) => ({ ...edit, share }),
  (value) => `Background: ${value} % of the other one.`,
);

// Controls ---------------------------------------------------------------------------------------

const samples = new Choices(at("samples"), (image) => {
  step(untouched({ seed: drawnSeed, image }), `Image ${image}.`, true);
});
const parts = new Choices(at("parts"), (value) => {
  part = value;
  showControls();
});
const lookFrom = new Choices(at("look-from"), (image) => {
  const own = history.now.source.image === image;
  const all = Array.from({ length: shown.after.length }, (_, index) => index);
  const name = part < 0 ? "All parts look" : `Part ${part} looks`;
  const next = withLook(history.now, part < 0 ? all : [part], own ? null : image);
  step(next, own ? `${name} as at first.` : `${name} as in image ${image}.`);
});
const groundFrom = new Choices(at("ground-from"), (image) => {
  const own = history.now.source.image === image;
  const share = history.now.share || 100;
  const text = own ? "Its own background." : `Background of image ${image}.`;
  step({ ...history.now, ground: own ? null : image, share: own ? 100 : share }, text);
});

/** Shows the step that the history stands at in all controls. */
function showControls() {
  const now = history.now;
  if (!now || !shown) return;
  const { seed, image, photo } = now.source;
  samples.show(photo ? null : image);
  if (!photo) {
    if (seed !== drawnSeed) {
      showDraw(seed);
      samples.show(image);
    }
    lookFrom.show(lookOf(now) ?? image, image);
    groundFrom.show(now.ground ?? image, image);
  }
  if (at("parts").dataset.count !== String(shown.after.length)) {
    at("parts").dataset.count = shown.after.length;
    parts.parts(shown.colours);
  }
  part = Math.min(part, shown.after.length - 1);
  parts.show(part);
  stage.mark(part);
  showValue("scale", now.scale, " %");
  showValue("turn", now.turn, "°");
  showValue("share", now.ground === null ? 0 : now.share, " %");
  at("share").disabled = now.ground === null;
  at("scale").disabled = at("turn").disabled = false;
  at("view-photo").hidden = !photo;
  at("looks").hidden = at("grounds").hidden = Boolean(photo);
  at("own-look").hidden = !photo || now.look === null;
  at("look-file").hidden = !photo;
  const name = photo ? title(photo) : `seed ${seed}, image ${image}`;
  at("caption").textContent = `${name}, ${changes(now) ? "edited" : "as drawn"}`;
  at("photo-name").textContent = photo
    ? `${title(photo)}${now.look ? `, with the look of ${title(now.look)}` : ""}`
    : "";
  showButtons();
}

function showValue(id, value, unit) {
  at(id).value = value;
  at(`${id}-value`).textContent = `${value}${unit}`;
}

function showButtons() {
  const now = history.now;
  at("undo").disabled = !history.canUndo;
  at("redo").disabled = !history.canRedo;
  at("reset").disabled = at("save").disabled = !(now && changes(now));
}

/** Whether an edit changes anything. */
function changes(edit) {
  return operations(edit, 0).length > 0 || edit.look !== null;
}

/** The pictures of a draw wherever one of them can be chosen. */
function showDraw(seed) {
  drawnSeed = seed;
  at("seed").value = seed;
  const urls = Array.from(
    { length: about.count },
    (_, index) => `api/sample/${index}?seed=${encodeURIComponent(seed)}`,
  );
  for (const choices of [samples, lookFrom, groundFrom]) {
    choices.pictures(urls, (index) => `Image ${index}`);
  }
}

/** The image whose look the chosen part has; `undefined` for its own, or where parts differ. */
function lookOf(now) {
  if (part >= 0) return now.looks[part];
  const found = new Set(Object.values(now.looks));
  const all = Object.keys(now.looks).length === shown.after.length;
  return all && found.size === 1 ? [...found][0] : undefined;
}

function title(photo) {
  return files.get(photo)?.name ?? "photo";
}

// Seeds and photos -------------------------------------------------------------------------------

/** Goes to a seed; the server says what is wrong with a bad one. */
async function drawSeed(seed) {
  at("seed-problem").textContent = "";
  at("seed").removeAttribute("aria-invalid");
  const image = history.now?.source.image ?? 0;
  const wanted = untouched({ seed: String(seed).trim(), image });
  say("Drawing …");
  try {
    await post("api/edit", { ...wanted.source, operations: [] });
  } catch (error) {
    say("");
    if (!(error instanceof Refused)) return failed(error);
    at("seed").setAttribute("aria-invalid", "true");
    at("seed-problem").textContent = error.message;
    return;
  }
  step(wanted, `Seed ${wanted.source.seed}.`, true);
}

at("seeds").addEventListener("submit", (event) => {
  event.preventDefault();
  drawSeed(at("seed").value);
});
at("next").addEventListener("click", nextSeed);
at("photo").addEventListener("change", (event) =>
  open(event.target, (photo, name) => step(untouched({ photo }), `${name} is open.`, true)),
);
at("look").addEventListener("change", (event) =>
  open(event.target, (look, name) => step({ ...history.now, look }, `With the look of ${name}.`)),
);
at("own-look").addEventListener("click", () => step({ ...history.now, look: null }, "Its own look."));

function nextSeed() {
  if (!about?.renders) return;
  drawSeed(BigInt(history.now?.source.seed ?? drawnSeed ?? 0) + 1n);
}

// Steps ------------------------------------------------------------------------------------------

at("reset").addEventListener("click", () => step(untouched(history.now.source), "All as at first."));
controls({ history, draw, request, nextSeed, paintOther });

// Beginning --------------------------------------------------------------------------------------

function begin(found) {
  about = found;
  document.title = `${about.method}: harness edit`;
  at("run").textContent = about.run;
  at("seeds").hidden = at("next-hint").hidden = !about.renders;
  at("photos").hidden = !about.reconstructs;
  at("look-file").hidden = true;
  document.body.classList.toggle("smooth", (at("smooth").checked = about.size >= 128));
  showButtons();
  if (about.renders) drawSeed(0);
  else at("empty").hidden = false;
}

await start(begin);
