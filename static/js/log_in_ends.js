/* Warns two minutes before a log-in ends, and lets it go on without leaving the page. The page says the same without it. */
"use strict";

const warning = document.getElementById("log-in-ends");

if (warning) {
  const BEFORE = 120;
  const words = warning.querySelector("[role=status]");
  const shown = document.getElementById("log-in-until");
  let timer;

  const warnIn = (seconds) => {
    clearTimeout(timer);
    warning.hidden = true;
    words.textContent = "";
    timer = setTimeout(() => {
      warning.hidden = false;
      words.textContent = warning.dataset.words;
    }, Math.max(0, seconds - BEFORE) * 1000);
  };

  warning.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const answer = await fetch(warning.action, {
        method: "POST",
        body: new FormData(warning),
        headers: { Accept: "application/json" },
        redirect: "error",
      });
      const log_in = await answer.json();
      shown.textContent = log_in.until;
      warnIn(log_in.seconds);
    } catch {
      // It ended already, or there is no network: the page in the new window says which.
      HTMLFormElement.prototype.submit.call(warning);
    }
  });

  warnIn(Number(warning.dataset.seconds));
}
