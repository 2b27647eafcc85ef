/* Warns two minutes before a log-in ends, lets it go on without leaving the page, and empties the page when it is over.

   Before each it asks the server: another window may have made the log-in longer, or ended it, and the server alone
   knows. So windows need not tell each other, and nothing is stored. Asking is no work at the desk.
   What stood on the page is taken out of it and held here, with what was typed, for the person for whom it was drawn. */
"use strict";

const cover = document.getElementById("log-in-ended");

if (cover) {
  const BEFORE = 120;
  const PATIENCE = 10;
  const warning = document.getElementById("log-in-ends");
  const until = document.getElementById("log-in-until");
  const told = cover.querySelector("[role=status]");
  const title = document.title;
  const held = new DocumentFragment();
  let timer, over, asking, focused, scrolled;

  const warn = (is_near) => {
    if (warning) {
      warning.hidden = !is_near;
      warning.querySelector("[role=status]").textContent = is_near ? warning.dataset.words : "";
    }
  };

  /* The seconds are whole ones: a log-in lasts up to one more. */
  const goOn = (seconds) => {
    over = Date.now() + (seconds + 1) * 1000;
    warn(seconds <= BEFORE);
    clearTimeout(timer);
    timer = setTimeout(look, (seconds > BEFORE ? seconds - BEFORE : seconds + 1) * 1000);
  };

  const hide = (why) => {
    if (cover.hidden) {
      focused = document.activeElement;
      scrolled = window.scrollY;
      held.append(...[...document.body.childNodes].filter((node) => node !== cover));
      cover.hidden = false;
      document.title = cover.dataset.title;
      cover.focus();
    }
    clearTimeout(timer);
    told.textContent = cover.dataset[why];
    cover.querySelector(".discard").hidden = why !== "another";
  };

  /* Each log-in changes the token of every form: those of this page get theirs, as the same person is back. */
  const show = (token) => {
    if (!cover.hidden) {
      cover.hidden = true;
      cover.before(held);
      document.title = title;
      window.scrollTo(0, scrolled);
      focused?.focus({ preventScroll: true });
    }
    for (const field of document.getElementsByName("csrfmiddlewaretoken")) {
      field.value = token;
    }
  };

  const ask = async () => {
    const enough = new AbortController();
    const patience = setTimeout(() => enough.abort(), PATIENCE * 1000);
    try {
      const answer = await fetch(cover.dataset.address, { cache: "no-store", redirect: "error", signal: enough.signal });
      const log_in = await answer.json();
      if (log_in.whose === "same") {
        show(log_in.token);
        goOn(log_in.seconds);
        until && (until.textContent = log_in.until);
      } else {
        hide(log_in.whose);
      }
    } catch {
      // No answer: the page knows itself when the log-in ends, and stays covered once it was.
      if (Date.now() < over && cover.hidden) {
        goOn(Math.max(0, Math.floor((over - Date.now()) / 1000) - 1));
      } else {
        hide("unknown");
      }
    } finally {
      clearTimeout(patience);
    }
  };

  const look = () => (asking ??= ask().finally(() => (asking = undefined)));

  /* Whoever comes back to a page that is over by its own clock reads nothing of it while the server is asked. */
  const comeBack = () => {
    if (Date.now() >= over) {
      hide("asking");
    }
    look();
  };

  document.addEventListener("visibilitychange", () => document.hidden || comeBack());
  window.addEventListener("focus", () => cover.hidden || look());
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) {
      hide("asking");
      look();
    }
  });
  cover.querySelector("button").addEventListener("click", look);

  warning?.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const answer = await fetch(warning.action, {
        method: "POST",
        body: new FormData(warning),
        headers: { Accept: "application/json" },
        redirect: "error",
      });
      const log_in = await answer.json();
      until.textContent = log_in.until;
      goOn(log_in.seconds);
    } catch {
      // It ended already, or there is no network: the page in the new window says which.
      HTMLFormElement.prototype.submit.call(warning);
    }
  });

  goOn(Number(cover.dataset.seconds));
}
