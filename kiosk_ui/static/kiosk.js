// Live updates, forgetting an idle resident, the number pad, one touch one gift.
// Every page works without this file. Floor: ES2018 without modules. Nothing here knows a word of any language.
(function () {
  "use strict";
  var body = document.body;
  var main = document.getElementById("main");
  var news = document.getElementById("news");

  // -- away: while the program behind the page is gone nothing leads to the browser's own page of errors
  var away = document.getElementById("away");
  function gone(is) { away.hidden = !is; }
  ["click", "submit"].forEach(function (kind) {
    addEventListener(kind, function (event) {
      var leads = kind === "submit" || (event.target.closest && event.target.closest("a[href], button[form], form button"));
      if (!away.hidden && leads && !event.target.closest("[data-key], [type=button]")) {
        event.preventDefault();
        event.stopImmediatePropagation();
      }
    }, true);
  });

  // -- live: the server sends the whole of what stands in <main>, or where to go
  function follow(url) {
    var source = new EventSource(url);
    source.onmessage = function (event) {
      var say = JSON.parse(event.data);
      if (say.news !== undefined) news.innerHTML = say.news;
      if (say.go) {
        source.close();
        location.replace(say.go);
      } else if (say.html !== undefined && body.classList.contains("page-" + say.view)) {
        replace(say.html);
      }
    };
    source.onopen = function () { gone(false); };
    source.onerror = function () { gone(source.readyState === EventSource.CONNECTING); };
    addEventListener("pagehide", function () { source.close(); });
  }
  function plain(html) {
    var told = document.createElement("template");
    told.innerHTML = html;
    return told.innerHTML.trim();
  }
  var standing = plain(main.innerHTML);
  function replace(html) {
    var next = plain(html);
    if (standing === next) return;
    standing = next;
    var at = main.contains(document.activeElement) && document.activeElement.getAttribute("href");
    main.innerHTML = html;
    var same = at && main.querySelector('[href="' + at + '"]'); // who moves by keyboard stays where they were
    if (same) same.focus();
    offer();
    reach();
    main.classList.remove("arriving");
    void main.offsetWidth; // restart the animation
    main.classList.add("arriving");
  }
  if (body.dataset.live) follow(body.dataset.live);

  // -- what lies below the edge is reached by a touch, for not everybody drags; at the end the same button leads back
  var further = document.getElementById("further");
  var seen = document.scrollingElement;
  function reach(event) {
    var own = main.querySelector(".own"); // a bar for this button alone, not there without it
    if (own && further.parentNode === own && event && event.type === "resize") own.textContent = ""; // does it fit now?
    var more = seen.scrollHeight > seen.clientHeight + 8 && innerWidth > 700; // who holds it in the hand drags
    var bar = main.querySelector(".deeds");
    if (bar && getComputedStyle(bar).position !== "sticky") bar = null; // it is not in reach itself
    if (more && bar && further.parentNode !== bar) bar.appendChild(further);
    further.hidden = !more || !bar;
    if (own && further.hidden) own.textContent = "";
    var end = seen.scrollTop + seen.clientHeight > seen.scrollHeight - 8;
    further.firstElementChild.hidden = end;
    further.lastElementChild.hidden = !end;
  }
  function room() { return seen.clientHeight - (further.hidden ? 0 : further.parentNode.offsetHeight); }
  function cut() { // where the first project stands that is not whole above the bar; 0 for none
    var next = Array.prototype.filter.call(main.querySelectorAll(".projects > li"), function (each) {
      var place = each.getBoundingClientRect();
      return place.top > 9 && place.bottom > room() + 1;
    })[0];
    return next ? next.getBoundingClientRect().top - 8 : 0;
  }
  function go(top) {
    var calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    seen.scrollTo({ top: top, behavior: calm ? "auto" : "smooth" });
  }
  further.addEventListener("click", function () {
    go(further.lastElementChild.hidden ? seen.scrollTop + (cut() || 0.85 * room()) : 0);
    reach();
  });
  ["scroll", "resize", "load"].forEach(function (kind) { addEventListener(kind, reach, { passive: true }); });
  document.addEventListener("toggle", reach, true); // what unfolds
  reach();

  // -- idle: ask 30 s before the session is wiped; any touch extends, as often as one likes
  var ASK_S = 30;
  var idle = Number(body.dataset.idle || 0);
  var stay = document.getElementById("stay");
  var left = document.getElementById("stay-left");
  var touched = performance.now();
  function ask(asking) {
    stay.hidden = !asking;
    [main, document.querySelector(".masthead")].forEach(function (part) { part.inert = asking; });
    if (asking) document.getElementById("stay-yes").focus();
  }
  function touch(event) {
    touched = performance.now();
    // the question goes on the click, not on the press: else the click would fall on what lies beneath
    var finished = event.target.closest && event.target.closest("#stay [form]");
    var on = event.key === "Escape" || (event.type === "click" && !finished);
    if (on && stay && !stay.hidden) ask(false);
  }
  function watch() {
    var remaining = idle - (performance.now() - touched) / 1000;
    if (remaining <= 0) {
      main.textContent = ""; // at once; the clean page may take a moment
      if (away.hidden) {
        idle = 0;
        document.getElementById("forget").submit();
        return;
      }
    }
    if (stay && remaining <= ASK_S) {
      left.textContent = String(Math.ceil(remaining));
      if (stay.hidden) ask(true);
    }
    setTimeout(watch, 500);
  }
  ["pointerdown", "keydown", "wheel", "click"].forEach(function (kind) {
    addEventListener(kind, touch, { passive: true, capture: true });
  });
  if (idle) watch();

  // -- nobody is here and not all projects stand on the screen: they pass by, a screen at a time, until a touch
  var STAND_S = 12;
  function passBy() {
    var resting = performance.now() - touched > (STAND_S - 1) * 1000;
    var reading = main.contains(document.activeElement) && document.activeElement !== further;
    if (!resting || reading || !body.classList.contains("page-attract")) return;
    var atEnd = seen.scrollTop + seen.clientHeight >= seen.scrollHeight - 1;
    var down = atEnd ? 0 : cut();
    go(down ? seen.scrollTop + down : 0);
  }
  setInterval(passBy, STAND_S * 1000);

  // -- reading aloud, with a voice that is on this machine and no other
  var aloud = document.getElementById("aloud");
  function voice() {
    var language = document.documentElement.lang.replace("zh-Hans", "zh-CN").replace("zh-Hant", "zh-TW");
    return speechSynthesis.getVoices().filter(function (each) {
      return each.localService && each.lang.replace("_", "-").slice(0, 2) === language.slice(0, 2);
    }).sort(function (one) { return one.lang.replace("_", "-") === language ? -1 : 1; })[0];
  }
  function recorded(which) {
    var told = document.getElementById("voices");
    return told && told.dataset[which];
  }
  var choice = document.getElementById("speaks"); // nobody can switch on a voice that is not there
  function offer() {
    if (choice && (choice.dataset.recorded || (speech && voice()))) choice.hidden = false;
    if (!aloud) return;
    aloud.hidden = !recorded("own") && !(speech && voice());
    minnan.hidden = !recorded("nan");
  }
  var speech = window.speechSynthesis;
  var minnan = document.getElementById("aloud-nan");
  var sound = new Audio();
  function hush() {
    var busy = !sound.paused || (speech && speech.speaking);
    sound.pause();
    if (speech) speech.cancel();
    return busy;
  }
  function play(url) {
    sound.src = url;
    sound.volume = loud();
    sound.play().catch(function () {}); // a file that is no sound: silence
  }
  function loud() { // softer at night: people sleep over the hall
    var hour = new Date().getHours();
    return hour >= 21 || hour < 7 ? 0.4 : 1;
  }
  offer();
  if (speech) speech.addEventListener("voiceschanged", offer);
  if (aloud) {
    minnan.addEventListener("click", function () { if (!hush()) play(recorded("nan")); });
    aloud.addEventListener("click", function () {
      if (hush()) return;
      if (recorded("own")) { play(recorded("own")); return; }
      var words = new SpeechSynthesisUtterance(main.innerText);
      words.voice = voice();
      words.lang = words.voice.lang;
      words.rate = 0.9;
      words.volume = loud();
      speech.speak(words);
    });
    addEventListener("pagehide", hush);
  }

  // -- number pad: the same rule as kiosk_ui/keypad.py
  var typed = document.getElementById("typed");
  if (typed) {
    var digits = typed.dataset.digits;
    var show = function (id, is) { document.getElementById(id).hidden = !is; };
    main.addEventListener("click", function (event) {
      var key = event.target.closest("[data-key]");
      if (!key) return;
      event.preventDefault();
      var what = key.dataset.key;
      if (what === "clear") digits = "";
      else if (what === "back") digits = digits.slice(0, -1);
      else digits = (digits + what).replace(/^0+/, "").slice(0, 7);
      typed.textContent = "¥" + (digits || "0").replace(/\B(?=(\d{3})+$)/g, ",");
      document.getElementById("yuan").value = digits;
      var much = Number(digits) > Number(typed.dataset.most);
      show("too-much", much);
      show("too-little", false);
      show("fits", !much);
      // who changes the language, or asks for help, finds the digits again
      var here = location.pathname + "?digits=" + digits;
      history.replaceState(null, "", here);
      document.querySelector(".languages [name=back]").value = here;
      document.querySelectorAll(".tools a").forEach(function (tool) {
        tool.href = tool.pathname + "?back=" + encodeURIComponent(here);
      });
    });
  }

  // -- a sign of life, and whether anything stands before this page: a screen that shows something else is started anew
  function live() {
    var front = document.visibilityState === "visible" && document.hasFocus();
    fetch(front ? "/alive" : "/alive?behind=1", { method: "POST", keepalive: true }).catch(function () {});
  }
  live();
  setInterval(live, 30000);
  ["focus", "blur"].forEach(function (kind) { addEventListener(kind, live); });
  document.addEventListener("visibilitychange", live);

  // -- a second touch on a form that is already on its way does nothing
  document.addEventListener("submit", function (event) {
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "1";
    setTimeout(function () { delete event.target.dataset.sent; }, 4000); // the server was away: let them try again
  });
  addEventListener("pageshow", function (event) {
    if (event.persisted) location.reload(); // from the back/forward cache: its scene and its key are old
  });
})();
