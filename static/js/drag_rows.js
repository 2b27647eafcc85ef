/* Lets entries be dragged to another place, by mouse or finger. The buttons do the same by keyboard and without a script. */
"use strict";

const section = document.getElementById("section-form");

if (section) {
  const EDGE = 60;
  const NAMING = ["id", "name", "for", "href", "aria-describedby", "aria-labelledby"];
  const rows = () => Array.from(section.querySelectorAll(".row-of-section"));
  const said = document.getElementById("moved");

  /* The number and the buttons belong to a place; the fields belong to the entry, and carry its place in their names. */
  const move = (row, to) => {
    const before = rows();
    const legends = before.map((each) => each.querySelector("legend"));
    const buttons = before.map((each) => each.querySelector(".row-buttons"));
    const after = before.filter((each) => each !== row);
    after.splice(to, 0, row);
    const places = new Map(before.map((each, place) => [String(place), String(after.indexOf(each))]));
    const mark = Object.assign(document.createElement("span"), { hidden: true });
    before[0].before(mark);
    mark.after(...after);
    mark.remove();
    after.forEach((each, place) => {
      each.prepend(legends[place]);
      each.append(buttons[place]);
      each.id = `entry-${place}`;
    });
    const renamed = (text) => text.replace(/\brows-(\d+)-/g, (_all, place) => `rows-${places.get(place) ?? place}-`);
    for (const name of NAMING) {
      for (const each of document.querySelectorAll(`[${name}*="rows-"]`)) {
        each.setAttribute(name, renamed(each.getAttribute(name)));
      }
    }
    row.tabIndex = -1;
    row.focus();
    said.textContent = section.dataset.moved.replace("{place}", to + 1).replace("{count}", after.length);
    section.dispatchEvent(new Event("input", { bubbles: true }));
  };

  const placeAt = (y) => {
    const below = rows().findIndex((each) => y < each.getBoundingClientRect().bottom);
    return below < 0 ? rows().length - 1 : below;
  };

  const begin = (row, handle, pressed) => {
    const until = new AbortController();
    const listen = (kind, what) => handle.addEventListener(kind, what, { signal: until.signal });
    const end = () => {
      until.abort();
      for (const each of rows()) each.classList.remove("is-dragged", "is-target");
    };
    handle.setPointerCapture(pressed.pointerId);
    row.classList.add("is-dragged");
    listen("pointermove", ({ clientY }) => {
      if (clientY < EDGE) scrollBy(0, -EDGE / 4);
      if (clientY > innerHeight - EDGE) scrollBy(0, EDGE / 4);
      rows().forEach((each, place) => each.classList.toggle("is-target", each !== row && place === placeAt(clientY)));
    });
    listen("pointerup", ({ clientY }) => {
      const to = placeAt(clientY);
      end();
      if (rows()[to] !== row) move(row, to);
    });
    listen("pointercancel", end);
    addEventListener("keydown", ({ key }) => { if (key === "Escape") end(); }, { signal: until.signal });
  };

  if (rows().length > 1) {
    for (const row of rows()) {
      const handle = document.createElement("span");
      handle.className = "drag-handle";
      handle.title = section.dataset.drag;
      handle.setAttribute("aria-hidden", "true");
      handle.textContent = "⠿";
      handle.addEventListener("pointerdown", (event) => {
        if (event.button) return;
        event.preventDefault();
        begin(row, handle, event);
      });
      row.append(handle);
    }
  }
}
