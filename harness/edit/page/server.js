// Questions to the server. One picture is drawn at a time, and of those that wait only the newest.

/** The server refused; `missing` names a photo that it has forgotten. */
export class Refused extends Error {
  constructor(answer) {
    super(answer.error);
    this.missing = answer.missing ?? null;
  }
}

/** The server did not answer. */
export class Closed extends Error {}

/** The answer to a question, as a value. */
export async function ask(path, options = {}) {
  let response;
  let answer;
  try {
    response = await fetch(path, options);
    answer = await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Closed();
  }
  if (!response.ok) throw new Refused(answer);
  return answer;
}

/** Asks with a value. */
export function post(path, value, options = {}) {
  const headers = { "Content-Type": "application/json" };
  return ask(path, { method: "POST", headers, body: JSON.stringify(value), ...options });
}

/** Hands a photo over. */
export function sendPhoto(file) {
  const headers = { "X-Title": encodeURIComponent(file.name) };
  return ask("api/photo", { method: "POST", headers, body: file });
}

/** Draws what was wanted last. */
export class Artist {
  #wanted = null;
  #busy = false;
  #abort = null;
  #ask;
  #shown;
  #failed;

  /** `asking(wanted, signal)` gives a promise; then `shown(answer, wanted)` or `failed(error)`. */
  constructor(asking, shown, failed) {
    this.#ask = asking;
    this.#shown = shown;
    this.#failed = failed;
  }

  /** Wants a picture; with `urgent` the one that is being drawn is given up. */
  want(wanted, urgent = false) {
    this.#wanted = wanted;
    if (urgent) this.#abort?.abort();
    if (!this.#busy) this.#work();
  }

  async #work() {
    this.#busy = true;
    while (this.#wanted !== null) {
      const wanted = this.#wanted;
      this.#wanted = null;
      this.#abort = new AbortController();
      try {
        await this.#shown(await this.#ask(wanted, this.#abort.signal), wanted);
      } catch (error) {
        if (error.name !== "AbortError") this.#failed(error, wanted);
      }
    }
    this.#busy = false;
  }
}
