// What every page needs around its picture: messages, photos, keys, and a server that comes back.

import { Closed, Refused, ask, post, sendPhoto } from "./server.js";

const RETRY = 2000;
const NEVER_SENT = "The server does not answer. Start 'harness edit' again: this page tries to reach it every two seconds.";

export const at = (id) => document.getElementById(id);
/** Photos that were opened, by their name on the server. */
export const files = new Map();

let waiting = false; // for a server that is closed
let begins = () => {};
let known = () => null;
let back = () => {};

// Messages ---------------------------------------------------------------------------------------

export function say(text) {
  at("status").textContent = text;
}

export function complain(text) {
  at("problem").textContent = text;
  at("problem").hidden = !text;
}

// The server -------------------------------------------------------------------------------------

/** Asks the server what it serves, and begins; where it is closed, as soon as it answers. */
export async function start(begin) {
  begins = begin;
  try {
    begin(await ask("api/about"));
  } catch (error) {
    await failed(error);
  }
}

/** `about()` is what was served before; `again()` is called when the same is served again. */
export function serveAgain(about, again) {
  known = about;
  back = again;
}

/** Says what went wrong; a photo that the server forgot is sent once more before `again()`. */
export async function failed(error, again) {
  if (error instanceof Closed) return waitForServer();
  if (error instanceof Refused && files.has(error.missing)) {
    try {
      await sendPhoto(files.get(error.missing));
      again();
    } catch (second) {
      complain(second instanceof Closed ? NEVER_SENT : second.message);
    }
    return;
  }
  complain(error.message);
}

function waitForServer() {
  complain(NEVER_SENT);
  if (waiting) return;
  waiting = true;
  const timer = setInterval(async () => {
    try {
      const now = await ask("api/about");
      clearInterval(timer);
      waiting = false;
      const before = known();
      if (before && now.owner !== before.owner) {
        complain("Another run is served here now. Reload the page to edit it.");
        return;
      }
      complain("");
      if (before) back();
      else begins(now);
    } catch (error) {
      if (!(error instanceof Closed)) complain(error.message);
    }
  }, RETRY);
}

// Photos -----------------------------------------------------------------------------------------

/** Hands the chosen photo over; `then(photo, name)` gets its name on the server and its own. */
export async function open(input, then, text = "Opening …") {
  const [file] = input.files;
  input.value = "";
  if (!file) return;
  say(text);
  try {
    const { photo } = await sendPhoto(file);
    files.set(photo, file);
    then(photo, file.name);
  } catch (error) {
    say("");
    await failed(error);
  }
}

// Steps, views and keys --------------------------------------------------------------------------

/**
 * Wires undo, redo, save, the views and their keys.
 *
 * `history` has the steps, `draw(text, urgent)` shows the present one, `request(step)` is what the
 * server is asked for it, `paintOther()` paints the chosen view, `nextSeed()` goes on.
 */
export function controls({ history, draw, request, nextSeed, paintOther }) {
  function undo() {
    if (!history.canUndo) return;
    history.undo();
    at("saved").hidden = true;
    draw("Undone.", true);
  }

  function redo() {
    if (!history.canRedo) return;
    history.redo();
    at("saved").hidden = true;
    draw("Done again.", true);
  }

  async function save() {
    if (at("save").disabled) return;
    try {
      const saved = await post("api/save", request(history.now));
      say(`Saved ${saved.picture} and its JSON.`);
      at("command").textContent = saved.command;
      at("saved").hidden = false;
    } catch (error) {
      await failed(error, save);
    }
  }

  at("undo").addEventListener("click", undo);
  at("redo").addEventListener("click", redo);
  at("save").addEventListener("click", save);
  at("smooth").addEventListener("change", (event) =>
    document.body.classList.toggle("smooth", event.target.checked),
  );
  at("dots").addEventListener("change", (event) =>
    document.body.classList.toggle("no-dots", !event.target.checked),
  );
  for (const input of document.querySelectorAll("input[name=view]")) {
    input.addEventListener("change", paintOther);
  }
  keys({ undo, redo, save, nextSeed });
}

/** Ctrl+Z, Ctrl+Shift+Z or Ctrl+Y, N and S, but not while somebody types. */
function keys({ undo, redo, save, nextSeed }) {
  document.addEventListener("keydown", (event) => {
    const key = event.key.toLowerCase();
    const typing = event.target.matches("input:not([type])");
    if ((event.ctrlKey || event.metaKey) && !event.altKey) {
      if (typing) return;
      if (key === "z") event.shiftKey ? redo() : undo();
      else if (key === "y") redo();
      else return;
      event.preventDefault();
      return;
    }
    if (typing || event.altKey || event.repeat) return;
    if (key === "n") nextSeed();
    if (key === "s") save();
  });
}
