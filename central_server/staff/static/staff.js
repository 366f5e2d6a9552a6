// Updates an open page. Without this script, reload a page to update it.
// <main data-live="swap">: its content is replaced. <main data-live="announce">: a notice says how many lines are new.
"use strict";
{
  const main = document.querySelector("main[data-live]");
  let source = null;
  let waiting = 0;
  let fresh = null;

  const plots = () => [...main.querySelectorAll(".plot")];
  const lines = (root) => [...root.querySelectorAll("[data-line]")].map((line) => line.dataset.line);

  async function newer() {
    const answer = await fetch(location.href, { headers: { "X-Live": "1" } });
    if (answer.redirected) {
      location.reload(); // the session has ended: remove its content
      return null;
    }
    if (!answer.ok) return null;
    return new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main[data-live]");
  }

  function swap(next) {
    const open = [...main.querySelectorAll("details")].map((each) => each.open);
    const before = document.activeElement?.id;
    const scrolled = plots().map((each) => each.scrollLeft);
    main.replaceChildren(...next.childNodes);
    plots().forEach((each, number) => { each.scrollLeft = scrolled[number] ?? 0; });
    main.querySelectorAll("details").forEach((each, number) => { each.open = open[number] ?? each.open; });
    if (before) document.getElementById(before)?.focus({ preventScroll: true });
  }

  function announce(next) {
    const known = new Set(lines(main));
    const count = lines(next).filter((line) => !known.has(line)).length;
    const notice = document.getElementById("fresh");
    if (!count || !notice) return;
    fresh = next;
    notice.querySelector("span").textContent = notice.dataset.text.replace("#", count < lines(next).length ? count : `${count}+`);
    notice.hidden = false;
  }

  async function look() {
    waiting = 0;
    const busy = main.contains(document.activeElement) && document.activeElement.matches("input, select, textarea");
    if (busy && main.dataset.live === "swap") {
      later();
      return;
    }
    let next = null;
    try {
      next = await newer();
    } catch {
      return; // unreachable: the stream notices it too, and reconnects
    }
    if (next) (main.dataset.live === "swap" ? swap : announce)(next);
  }

  function later() {
    waiting ||= setTimeout(look, 1000);
  }

  function listen() {
    source = new EventSource("/staff/live");
    source.onmessage = later;
    source.onopen = () => { document.documentElement.dataset.heard = "1"; };
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED) return; // it reconnects by itself
      later(); // the session has ended, or too many pages are open
      setTimeout(wake, 30000);
    };
  }

  function wake() {
    source?.close();
    source = null;
    if (!document.hidden) listen();
  }

  if (main) {
    document.addEventListener("visibilitychange", () => {
      wake();
      if (!document.hidden) later();
    });
    document.addEventListener("click", (event) => {
      if (!event.target.closest("#fresh button") || !fresh) return;
      swap(fresh);
      fresh = null;
      scrollTo({ top: 0 });
    });
    wake();
  }
}

// <body data-ends="seconds">: the session ends this long after its last use, and the page then removes its content, even
// if the server is unreachable. Polling does not prolong a session; another page may have.
{
  const each = 1000 * Number(document.body.dataset.ends || 0);
  let next = Date.now() + each;

  async function over() {
    try {
      const answer = await fetch("/staff/me", { headers: { "X-Live": "1" } });
      await answer.text();
      return new URL(answer.url).pathname === "/staff/login";
    } catch {
      return Date.now() >= next;
    }
  }

  async function look() {
    if (await over()) {
      document.body.replaceChildren();
      location.replace("/staff/login");
    } else if (Date.now() >= next) {
      next = Date.now() + each / 6;
    }
  }

  if (each) {
    setInterval(() => { if (Date.now() >= next) look(); }, 20000);
    document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
    addEventListener("pageshow", (event) => { if (event.persisted) look(); });
  }
}

// An enrolment code expires, or a device uses it: <b data-countdown="seconds">, <section data-watch="state's address">.
{
  const clock = document.querySelector("[data-countdown]");
  const page = document.querySelector("[data-watch]");
  const each = (name, hidden) => document.querySelectorAll(name).forEach((part) => { part.hidden = hidden; });

  function over() {
    each("[data-while]", true);
    each("[data-after]", false);
  }

  async function ask() {
    try {
      const answer = await fetch(page.dataset.watch, { headers: { "X-Live": "1" } });
      const told = answer.ok && !answer.redirected ? (await answer.json()).state : "waits";
      if (told === "used") {
        location.href = page.dataset.onward;
        return;
      }
      if (told === "ended") over();
    } catch {
      // temporarily unreachable
    }
    if (!document.querySelector("[data-while]").hidden) setTimeout(ask, 3000);
  }

  if (clock && page) {
    const end = Date.now() + 1000 * Number(clock.dataset.countdown);
    const tick = () => {
      const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
      clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      if (left) setTimeout(tick, 500);
      else over();
    };
    tick();
    setTimeout(ask, 3000);
  }
}

// A chart that is wider than the screen is scrolled to the current time: <div class="plot" data-now="its place, 0 to 1">.
for (const plot of document.querySelectorAll(".plot[data-now]")) {
  plot.scrollLeft = Number(plot.dataset.now) * plot.scrollWidth - plot.clientWidth * 0.85;
}
