// The picture with a handle at every keypoint: dragged by pointer, or moved by the arrow keys.

const STEP = 0.01;
const LARGE_STEP = 0.05;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Draws a PNG into a canvas, at its own size. */
export async function paint(canvas, url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  if (canvas.width !== image.width) canvas.width = canvas.height = image.width;
  canvas.getContext("2d").drawImage(image, 0, 0);
}

/** The handles. */
export class Stage {
  #box;
  #events;
  #handles = [];
  #places = [];
  #held = null;

  /**
   * Events: `begin(index)` and `end(index)` around a drag, `drag(index, right, down)` with the way
   * since it began and `step(index, right, down)` for an arrow key, both in fractions of the edge,
   * and `choose(index)`.
   */
  constructor(box, events) {
    this.#box = box;
    this.#events = events;
  }

  get count() {
    return this.#handles.length;
  }

  /** Puts the handles where the keypoints are; one that is being dragged stays. */
  place(points, colours) {
    while (this.#handles.length > points.length) this.#handles.pop().remove();
    while (this.#handles.length < points.length) this.#add(this.#handles.length);
    points.forEach((point, index) => {
      const handle = this.#handles[index];
      handle.style.setProperty("--own", colours[index]);
      handle.style.setProperty("--on-own", ink(colours[index]));
      handle.hidden = point === null;
      if (point !== null && this.#held?.index !== index) this.#put(index, point);
    });
  }

  /** Marks the part that the controls are about. */
  mark(index) {
    this.#handles.forEach((handle, own) => handle.classList.toggle("chosen", own === index));
  }

  #add(index) {
    const handle = document.createElement("button");
    handle.type = "button";
    handle.className = "handle";
    handle.textContent = index;
    handle.dataset.keypoint = index;
    handle.setAttribute("aria-describedby", "hint");
    handle.addEventListener("pointerdown", (event) => this.#hold(event, index));
    handle.addEventListener("pointermove", (event) => this.#drag(event));
    for (const name of ["pointerup", "pointercancel"]) {
      handle.addEventListener(name, () => this.#release());
    }
    handle.addEventListener("keydown", (event) => this.#key(event, index));
    handle.addEventListener("focus", () => this.#events.choose(index));
    this.#box.append(handle);
    this.#handles.push(handle);
  }

  /** Handles stay at the border where a keypoint lies outside of the image. */
  #put(index, [x, y]) {
    const handle = this.#handles[index];
    this.#places[index] = [x, y];
    handle.style.left = `${100 * clamped(x)}%`;
    handle.style.top = `${100 * clamped(y)}%`;
    const [across, down] = [x, y].map((value) => Math.round(100 * value));
    handle.setAttribute("aria-label", `Keypoint ${index}, ${across} % across, ${down} % down`);
  }

  #hold(event, index) {
    if (event.button !== 0 || this.#held) return;
    event.preventDefault();
    const handle = this.#handles[index];
    handle.focus({ preventScroll: true });
    handle.setPointerCapture(event.pointerId);
    handle.classList.add("held");
    this.#held = { index, x: event.clientX, y: event.clientY, place: this.#places[index] };
    this.#events.begin(index);
  }

  #drag(event) {
    if (!this.#held) return;
    const { index, x, y, place } = this.#held;
    const frame = this.#box.getBoundingClientRect();
    const wanted = [
      clamped(place[0] + (event.clientX - x) / frame.width),
      clamped(place[1] + (event.clientY - y) / frame.height),
    ];
    this.#put(index, wanted);
    this.#events.drag(index, wanted[0] - place[0], wanted[1] - place[1]);
  }

  #release() {
    if (!this.#held) return;
    const { index } = this.#held;
    this.#held = null;
    this.#handles[index].classList.remove("held");
    this.#events.end(index);
  }

  #key(event, index) {
    const arrow = ARROWS[event.key];
    if (!arrow || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const step = event.shiftKey ? LARGE_STEP : STEP;
    const before = this.#places[index];
    const after = before.map((value, axis) => {
      const wanted = value + step * arrow[axis];
      return arrow[axis] ? Math.min(Math.max(wanted, Math.min(value, 0)), Math.max(value, 1)) : value;
    });
    this.#put(index, after);
    this.#events.step(index, after[0] - before[0], after[1] - before[1]);
  }
}

function clamped(value) {
  return Math.min(Math.max(value, 0), 1);
}

/** Black or white, whichever is easier to read on a colour `#rrggbb`. */
function ink(colour) {
  const [red, green, blue] = [1, 3, 5].map((start) => parseInt(colour.slice(start, start + 2), 16));
  return 0.299 * red + 0.587 * green + 0.114 * blue > 130 ? "#000000" : "#ffffff";
}
