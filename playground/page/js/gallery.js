/** The large view: one picture at a time, with its words, by keyboard, mouse or a swipe. */

import { showDialog } from "./dialogs.js";
import { el, icon, ownAddress } from "./dom.js";

const SWIPE = 48; // pixels that make a movement a swipe

/** Show `all[at]` large. */
export function openLarge(all, at) {
  const shown = all.filter((media) => ownAddress(media.url));
  const view = new View(shown, shown.indexOf(all[at]));
  view.show();
  showDialog(view.node);
  view.shut.focus();
}

class View {
  constructor(all, at) {
    this.all = all;
    this.at = at;
    this.image = el("img", { alt: "", draggable: "false", dataset: { testid: "large-picture" } });
    this.count = el("p", { class: "large-count", "aria-live": "polite", dataset: { testid: "large-count" } });
    this.words = el("figcaption", { class: "large-words", dir: "auto", dataset: { testid: "large-alt" } });
    this.file = el(
      "a",
      { class: "button", target: "_blank", rel: "noopener", dataset: { style: "secondary" } },
      "Open the file",
      icon("out"),
    );
    this.node = this.build();
  }

  build() {
    const several = this.all.length > 1;
    this.shut = this.button("Close", "close", () => this.node.close(), "large-close");
    const node = el(
      "dialog",
      { class: "large", "aria-label": "Large picture", dataset: { testid: "large" } },
      el("div", { class: "large-bar" }, this.count, this.file, this.shut),
      el("figure", { class: "large-stage" }, this.image, this.words),
      several && this.button("Previous picture", "left", () => this.go(-1), "large-previous"),
      several && this.button("Next picture", "right", () => this.go(1), "large-next"),
    );
    node.addEventListener("keydown", (event) => this.key(event));
    node.addEventListener("click", (event) => event.target.matches(".large, .large-stage") && node.close());
    this.listenForSwipes(node);
    return node;
  }

  button(name, drawing, click, testid) {
    return el(
      "button",
      {
        type: "button",
        class: `icon-button ${testid}`,
        "aria-label": name,
        dataset: { testid },
        on: { click },
      },
      icon(drawing),
    );
  }

  listenForSwipes(node) {
    let from = null;
    node.addEventListener(
      "touchstart",
      (event) => (from = event.touches.length === 1 ? event.touches[0].clientX : null),
      { passive: true },
    );
    node.addEventListener("touchend", (event) => {
      const moved = from === null ? 0 : event.changedTouches[0].clientX - from;
      if (Math.abs(moved) >= SWIPE) this.go(moved < 0 ? 1 : -1);
    });
  }

  key(event) {
    const steps = { ArrowLeft: -1, ArrowRight: 1, Home: -this.at, End: this.all.length - 1 - this.at };
    if (!(event.key in steps)) return;
    event.preventDefault();
    this.go(steps[event.key]);
  }

  go(step) {
    this.at = (this.at + step + this.all.length) % this.all.length;
    this.show();
  }

  show() {
    const media = this.all[this.at];
    this.image.src = ownAddress(media.url);
    this.image.alt = media.alt || `Picture ${this.at + 1} of ${this.all.length}`;
    this.words.textContent = media.alt;
    this.count.textContent = `${this.at + 1} of ${this.all.length}`;
    this.file.href = this.image.src;
  }
}
