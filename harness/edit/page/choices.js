// Rows of pictures or numbers of which one is chosen.

/** A group of radio buttons in a fieldset. */
export class Choices {
  #box;
  #name;
  #chosen;

  /** `chosen(value)` is called when somebody chooses. */
  constructor(fieldset, chosen) {
    this.#box = document.createElement("div");
    this.#box.className = "choices";
    fieldset.append(this.#box);
    this.#name = fieldset.id;
    this.#chosen = chosen;
  }

  /** One choice a picture. */
  pictures(urls, title) {
    this.#fill(urls.length, (index) => {
      const image = document.createElement("img");
      image.src = urls[index];
      image.alt = "";
      return image;
    });
    for (const [index, input] of this.#box.querySelectorAll("input").entries()) {
      input.setAttribute("aria-label", title(index));
    }
  }

  /** One choice a part, and the last one, -1, for all. */
  parts(colours) {
    this.#fill(colours.length + 1, (index) => {
      const text = document.createElement("span");
      const all = index === colours.length;
      text.textContent = all ? "all" : index;
      if (!all) text.style.setProperty("--own", colours[index]);
      return text;
    });
    const last = this.#box.lastElementChild;
    last.className = "all";
    last.querySelector("input").value = -1;
  }

  /** Shows what is chosen, and which one is the image's own. */
  show(value, own = null) {
    for (const input of this.#box.querySelectorAll("input")) {
      input.checked = Number(input.value) === value;
      input.parentElement.classList.toggle("own", own !== null && Number(input.value) === own);
    }
  }

  #fill(count, made) {
    const labels = Array.from({ length: count }, (_, index) => {
      const label = document.createElement("label");
      const input = document.createElement("input");
      input.type = "radio";
      input.name = this.#name;
      input.value = index;
      input.addEventListener("change", () => this.#chosen(Number(input.value)));
      label.append(input, made(index));
      return label;
    });
    this.#box.replaceChildren(...labels);
  }
}
