/** While a finger or a button is down on a message, it is not drawn anew: the press would be lost. */

export class Pressed {
  node = null;
  after = null; // what waits until the press is over

  constructor() {
    addEventListener(
      "pointerdown",
      (event) => (this.node = event.target.closest?.("[data-message-id]") ?? null),
      true,
    );
    for (const type of ["pointerup", "pointercancel"]) addEventListener(type, () => this.released(), true);
  }

  /** Whether `node` is pressed now; `after` is then called when it no longer is. */
  is(node, after) {
    if (!this.node || this.node !== node) return false;
    this.after = after;
    return true;
  }

  released() {
    const after = this.after;
    this.node = this.after = null;
    if (after) setTimeout(after); // the click comes first
  }
}
