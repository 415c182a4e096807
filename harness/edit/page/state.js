// What is edited: a plain value for each step, so that undo goes back to the very same request.

/** An edit that changes nothing, of one source. */
export function untouched(source) {
  return { source, scale: 100, turn: 0, moves: {}, looks: {}, look: null, ground: null, share: 100 };
}

/** The operations of an edit, written as for `harness sample --op`. */
export function operations(edit, count) {
  const written = [];
  if (edit.scale !== 100) written.push(`scale=all:${number(edit.scale / 100)}`);
  if (edit.turn !== 0) written.push(`rotate=all:${signed(edit.turn)}`);
  for (const [index, [right, down]] of Object.entries(edit.moves)) {
    if (right || down) written.push(`move=${index}:${signed(right)},${signed(down)}`);
  }
  for (const [image, parts] of byImage(edit.looks)) {
    written.push(`look=${parts.length === count ? "all" : parts.join("+")}:${image}`);
  }
  if (edit.ground !== null && edit.share > 0) {
    const share = edit.share === 100 ? "" : `,${number(edit.share / 100)}`;
    written.push(`background=${edit.ground}${share}`);
  }
  return written;
}

/** The edit with a keypoint moved further; in all it moves at most one edge of the image. */
export function moved(edit, index, right, down) {
  const before = edit.moves[index] ?? [0, 0];
  const after = [rounded(before[0] + right), rounded(before[1] + down)];
  return { ...edit, moves: { ...edit.moves, [index]: after } };
}

/** The edit with parts looking as in an image of the draw; their own look where it is `null`. */
export function withLook(edit, parts, image) {
  const looks = { ...edit.looks };
  for (const part of parts) {
    if (image === null) delete looks[part];
    else looks[part] = image;
  }
  return { ...edit, looks };
}

/** Steps that can be undone. */
export class History {
  #steps = [];
  #at = -1;

  get now() {
    return this.#steps[this.#at] ?? null;
  }

  get canUndo() {
    return this.#at > 0;
  }

  get canRedo() {
    return this.#at < this.#steps.length - 1;
  }

  /** Goes on to a step; what was undone is forgotten. */
  add(step) {
    this.#steps.splice(this.#at + 1, Infinity, step);
    this.#at += 1;
  }

  /** The last step becomes another one: while a finger or a slider is still moving. */
  replace(step) {
    this.#steps.splice(this.#at, Infinity, step);
  }

  undo() {
    if (this.canUndo) this.#at -= 1;
  }

  redo() {
    if (this.canRedo) this.#at += 1;
  }
}

function byImage(looks) {
  const found = new Map();
  for (const [part, image] of Object.entries(looks)) {
    found.set(image, [...(found.get(image) ?? []), Number(part)]);
  }
  return found;
}

function rounded(value) {
  return Math.round(Math.min(Math.max(value, -1), 1) * 1e4) / 1e4;
}

function number(value) {
  return String(Math.round(value * 1e4) / 1e4);
}

function signed(value) {
  return value < 0 ? number(value) : `+${number(value)}`;
}
