/* Shows a section as patients will see it while somebody writes. "Look at it" does the same without a script. */
"use strict";

const look = document.getElementById("live-look");

if (look) {
  const WAIT = 700;
  const form = document.getElementById("section-form");
  const said = look.querySelector("[role=status]");
  const place = look.appendChild(document.createElement("div"));
  let timer, asking;

  const say = (words) => {
    if (said.textContent !== words) said.textContent = words;
  };

  const show = (answer) => {
    const page = answer && answer.querySelector(".look-page");
    if (!page) {
      say(look.dataset.failed);
      place.replaceChildren(Object.assign(document.createElement("p"), { textContent: look.dataset.failed }));
      return;
    }
    place.replaceChildren(...Array.from(answer.body.children, (each) => document.importNode(each, true)));
    document.getElementById("look")?.remove();
    say(look.dataset.shown);
  };

  const ask = () => {
    asking?.abort();
    const typed = new FormData(form);
    for (const file of form.querySelectorAll("[type=file]")) typed.delete(file.name);
    /* The browser parses the answer into a document of its own, in which nothing runs. */
    asking = new XMLHttpRequest();
    asking.open("POST", look.dataset.url);
    asking.responseType = "document";
    asking.onload = (event) => show(event.target.status === 200 ? event.target.response : null);
    asking.onerror = () => show(null);
    asking.send(typed);
    look.hidden = false;
  };

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  });
}
