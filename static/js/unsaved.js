/* Asks before somebody leaves a section with words that are not saved. The link beside says "without saving" too. */
"use strict";

const written = document.getElementById("section-form");

if (written) {
  let unsaved = "unsaved" in written.dataset;
  written.addEventListener("input", () => { unsaved = true; });
  written.addEventListener("submit", () => { unsaved = false; });
  addEventListener("beforeunload", (event) => {
    if (unsaved) event.preventDefault();
  });
}
