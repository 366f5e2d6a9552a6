// Live updates, reset of an idle session, number pad, protection against touches that nobody meant.
// Every page works without this file. ES2018 without modules. Contains no text of any language.
(function () {
  "use strict";
  var body = document.body;
  var main = document.getElementById("main");
  var news = document.getElementById("news");

  // -- away: while the server is unreachable, links must not lead to the browser's error page
  var away = document.getElementById("away");
  function setAway(is) {
    away.hidden = !is;
    main.querySelectorAll("a[href], form button").forEach(function (each) {
      if (each.dataset.key === undefined && each.type !== "button") setDisabled(each, is);
    });
    disableKeys();
  }
  function setDisabled(control, is) {
    if (is) control.setAttribute("aria-disabled", "true");
    else control.removeAttribute("aria-disabled");
  }
  ["click", "submit"].forEach(function (kind) {
    addEventListener(kind, function (event) {
      var leads = kind === "submit" || (event.target.closest && event.target.closest("a[href], button[form], form button"));
      if (!away.hidden && leads && !event.target.closest("[data-key], [type=button]")) {
        event.preventDefault();
        event.stopImmediatePropagation();
      }
    }, true);
  });

  // -- a touch that was meant for what the screen showed before does nothing: for SETTLE_MS after it changed by itself,
  //    and the second of two touches on one place when the first one led to a new page
  var SETTLE_MS = 500;
  var arrived = takeNote() || {};
  var changedAt = arrived.byItself ? performance.now() : -SETTLE_MS;
  var paintedAt = performance.now();
  var pressed = { at: -SETTLE_MS, x: -1e4, y: -1e4 };
  var leading = -1e4; // when the last touch led away from this page
  requestAnimationFrame(function () {
    paintedAt = performance.now();
    if (arrived.byItself) changedAt = paintedAt;
  });
  function takeNote() { // of the page before
    var note = sessionStorage.getItem("left");
    sessionStorage.removeItem("left");
    return note && JSON.parse(note);
  }
  function leaveNote(byItself) {
    sessionStorage.setItem("left", JSON.stringify({ byItself: byItself, x: pressed.x, y: pressed.y }));
  }
  function changedByItself(lasts_ms) { changedAt = performance.now() + (lasts_ms || 0); }
  function isStray(event) {
    if (!event.detail) return false; // by the keyboard
    var again = Math.hypot(pressed.x - arrived.x, pressed.y - arrived.y) < 48 && pressed.at < paintedAt + SETTLE_MS;
    return again || pressed.at < changedAt + SETTLE_MS;
  }
  addEventListener("pointerdown", function (event) {
    var fingers = event.isPrimary ? 1 : pressed.fingers + 1;
    pressed = { at: performance.now(), x: event.clientX, y: event.clientY, fingers: fingers, clicked: false };
  }, { passive: true, capture: true });
  addEventListener("pointerup", function (event) { // of a slow press the browser makes no click
    var press = pressed, target = event.target.closest && event.target.closest("a[href], button, summary");
    var still = Math.hypot(event.clientX - press.x, event.clientY - press.y) < 24 && press.fingers === 1;
    var slow = performance.now() - press.at > 400 && performance.now() - press.at < 3000;
    if (event.pointerType !== "touch" || Math.max(event.width, event.height) > 80 || !still || !slow || !target) return;
    setTimeout(function () {
      if (!press.clicked) target.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, detail: 1 }));
    }, 50);
  }, { passive: true, capture: true });
  document.addEventListener("click", function (event) {
    pressed.clicked = true;
    var link = event.target.closest && event.target.closest("a[href]:not([target]), form button:not([type=button]), button[form]");
    var leads = link && link.dataset.key === undefined;
    if (isStray(event) || (leads && performance.now() - leading < 4000)) {
      event.preventDefault();
      event.stopImmediatePropagation();
    } else if (leads) {
      leading = performance.now(); // if the server was unreachable, allow another try after 4 s
      leaveNote(false);
    }
  }, true);
  if (document.getElementById("forget")) ["contextmenu", "dragstart", "selectstart"].forEach(function (kind) { // by a long press
    addEventListener(kind, function (event) { event.preventDefault(); });
  });

  // -- live: the server sends the complete content of <main>, or a new address
  function follow(url) {
    var source = new EventSource(url);
    source.onmessage = function (event) {
      var message = JSON.parse(event.data);
      if (message.news !== undefined) news.innerHTML = message.news;
      if (usual && message.idle !== undefined && (message.idle || usual) !== idle) { // a phone is on the bank's page
        idle = message.idle || usual;
        stayHere();
      }
      if (message.go) {
        source.close();
        leaveNote(true);
        location.replace(message.go);
      } else if (message.html !== undefined && body.classList.contains("page-" + message.view)) {
        replace(message.html);
      }
    };
    source.onopen = function () { setAway(false); };
    source.onerror = function () { setAway(source.readyState === EventSource.CONNECTING); };
    addEventListener("pagehide", function () { source.close(); });
  }
  function parse(html) {
    var template = document.createElement("template");
    template.innerHTML = html;
    return template;
  }
  var shown = main.innerHTML, known = false; // as a parser writes it? That waits until there is something to compare with
  function replace(html) {
    var next = parse(html);
    var text = next.innerHTML.trim();
    if ((known ? shown : parse(shown).innerHTML.trim()) === text) return;
    known = true;
    shown = text;
    var before = controls();
    var code = main.querySelector(".code");
    var at = main.contains(document.activeElement) && document.activeElement.getAttribute("href");
    main.replaceChildren(next.content);
    var coded = main.querySelector(".code");
    if (code && coded && code.isEqualNode(coded)) coded.replaceWith(code); // a phone may be reading it
    var same = at && main.querySelector('[href="' + at + '"]'); // keyboard users keep their focus
    if (same) same.focus();
    showVoices();
    showFurther();
    if (controls() !== before) changedByItself();
  }
  function controls() { // what may be touched, and where
    return Array.prototype.map.call(document.querySelectorAll("a[href], button"), function (each) {
      var box = each.getBoundingClientRect();
      return [each.textContent, each.href, box.left, box.top, box.width].join();
    }).join("|");
  }
  if (body.dataset.live) follow(body.dataset.live);

  // -- a button scrolls to content below the edge, as not everybody drags; at the end it leads back
  var further = document.getElementById("further");
  var scroller = document.scrollingElement;
  function showFurther(event) {
    var own = main.querySelector(".own"); // a bar that exists only for this button
    if (own && further.parentNode === own && event && event.type === "resize") own.textContent = ""; // does it fit now?
    var more = scroller.scrollHeight > scroller.clientHeight + 8 && innerWidth > 700; // on a handheld screen people drag
    var bar = main.querySelector(".buttons");
    if (bar && getComputedStyle(bar).position !== "sticky") bar = null; // it may be off the screen itself
    if (more && bar && further.parentNode !== bar) bar.appendChild(further);
    further.hidden = !more || !bar;
    if (own && further.hidden) own.textContent = "";
    var end = scroller.scrollTop + scroller.clientHeight > scroller.scrollHeight - 8;
    further.firstElementChild.hidden = end;
    further.lastElementChild.hidden = !end;
  }
  function visibleTop() { // below the strip of a drill, which stays
    var strip = document.querySelector(".drill");
    return strip ? strip.offsetHeight : 0;
  }
  function visibleBottom() { return further.hidden ? scroller.clientHeight : further.parentNode.getBoundingClientRect().top; }
  function firstCutOff() { // top of the first project that is not completely visible; 0 for none
    var next = Array.prototype.filter.call(main.querySelectorAll(".projects > li"), function (each) {
      var place = each.getBoundingClientRect();
      return place.top > visibleTop() + 9 && place.bottom > visibleBottom() + 1;
    })[0];
    return next ? next.getBoundingClientRect().top - visibleTop() - 8 : 0;
  }
  function scrollPage(top) {
    var calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    scroller.scrollTo({ top: top, behavior: calm ? "auto" : "smooth" });
  }
  further.addEventListener("click", function () {
    scrollPage(further.lastElementChild.hidden ? scroller.scrollTop + (firstCutOff() || 0.85 * (visibleBottom() - visibleTop())) : 0);
    showFurther();
  });
  ["scroll", "resize", "load"].forEach(function (kind) { addEventListener(kind, showFurther, { passive: true }); });
  document.addEventListener("toggle", showFurther, true); // opened details
  requestAnimationFrame(showFurther); // the page is laid out once, by the browser

  // -- idle: ask 30 s before the session is reset; any touch extends it, any number of times
  var ASK_S = 30;
  var usual = Number(body.dataset.idle || 0);
  var idle = usual;
  var stay = document.getElementById("stay");
  var left = document.getElementById("stay-left");
  var touched = performance.now();
  function ask(asking) {
    stay.hidden = !asking;
    [main, document.querySelector(".masthead")].forEach(function (part) { part.inert = asking; });
    changedByItself();
    if (asking) document.getElementById("stay-yes").focus();
  }
  function stayHere() {
    touched = performance.now();
    if (stay && !stay.hidden) ask(false);
  }
  function touch(event) {
    touched = performance.now();
    // close the question on click, not on press: else the click would hit what lies beneath
    var finished = event.target.closest && event.target.closest("#stay [form]");
    var on = event.key === "Escape" || (event.type === "click" && !finished);
    if (on && stay && !stay.hidden) ask(false);
  }
  function watch() {
    var remaining = idle - (performance.now() - touched) / 1000;
    if (remaining <= 0) {
      main.textContent = ""; // immediately; the new page may take a moment
      if (away.hidden) {
        idle = 0;
        leaveNote(true);
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

  // -- without a touch, projects that do not fit scroll past, one screen at a time
  var PAUSE_S = 12;
  function passBy() {
    var resting = performance.now() - touched > (PAUSE_S - 1) * 1000;
    var reading = main.contains(document.activeElement) && document.activeElement !== further;
    if (!resting || reading || !body.classList.contains("page-attract")) return;
    var atEnd = scroller.scrollTop + scroller.clientHeight >= scroller.scrollHeight - 1;
    var down = atEnd ? 0 : firstCutOff();
    if (down || scroller.scrollTop) changedByItself(SETTLE_MS); // it moves for a while
    scrollPage(down ? scroller.scrollTop + down : 0);
  }
  setInterval(passBy, PAUSE_S * 1000);

  // -- reading aloud, only with a local voice
  var aloud = document.getElementById("aloud");
  function voice() {
    var language = document.documentElement.lang.replace("zh-Hans", "zh-CN").replace("zh-Hant", "zh-TW");
    return speechSynthesis.getVoices().filter(function (each) {
      return each.localService && each.lang.replace("_", "-").slice(0, 2) === language.slice(0, 2);
    }).sort(function (one) { return one.lang.replace("_", "-") === language ? -1 : 1; })[0];
  }
  function recorded(which) {
    var voices = document.getElementById("voices");
    return voices && voices.dataset[which];
  }
  var choice = document.getElementById("speaks"); // hidden while there is no voice
  function showVoices() {
    if (choice && (choice.dataset.recorded || (speech && voice()))) choice.hidden = false;
    if (!aloud) return;
    aloud.hidden = !recorded("own") && !(speech && voice());
    minnan.hidden = !recorded("nan");
  }
  var speech = window.speechSynthesis;
  var minnan = document.getElementById("aloud-nan");
  var sound = new Audio();
  function stopSound() {
    var busy = !sound.paused || (speech && speech.speaking);
    sound.pause();
    if (speech) speech.cancel();
    return busy;
  }
  function play(url) {
    sound.src = url;
    sound.volume = nightVolume();
    sound.play().catch(function () {}); // ignore a broken file
  }
  function nightVolume() { // softer at night: people sleep above the hall
    var hour = new Date().getHours();
    return hour >= 21 || hour < 7 ? 0.4 : 1;
  }
  showVoices();
  if (speech) speech.addEventListener("voiceschanged", showVoices);
  if (aloud) {
    minnan.addEventListener("click", function () { if (!stopSound()) play(recorded("nan")); });
    aloud.addEventListener("click", function () {
      if (stopSound()) return;
      if (recorded("own")) { play(recorded("own")); return; }
      var words = new SpeechSynthesisUtterance(main.innerText);
      words.voice = voice();
      words.lang = words.voice.lang;
      words.rate = 0.9;
      words.volume = nightVolume();
      speech.speak(words);
    });
    addEventListener("pagehide", stopSound);
  }

  // -- number pad: the rule of kiosk_ui/keypad.py; a keyboard types on it too
  var typed = document.getElementById("typed");
  var digits = typed ? typed.dataset.digits : "";
  function show(id, is) { document.getElementById(id).hidden = !is; }
  function showPad(asked) {
    var much = Number(digits) > Number(typed.dataset.most);
    var little = Number(digits) < Number(typed.dataset.least);
    show("too-much", much);
    show("too-little", little && asked);
    show("fits", !much && !(little && asked));
    disableKeys();
  }
  function disableKeys() {
    if (!typed) return;
    var fits = Number(digits) >= Number(typed.dataset.least) && Number(digits) <= Number(typed.dataset.most);
    setDisabled(main.querySelector(".button.main"), !fits || !away.hidden);
    main.querySelectorAll("[data-key]").forEach(function (key) {
      setDisabled(key, key.dataset.key.length > 1 ? !digits : digits.length > 6 || (key.dataset.key === "0" && !digits));
    });
  }
  function type(key) {
    if (key === "clear") digits = "";
    else if (key === "back") digits = digits.slice(0, -1);
    else digits = (digits + key).replace(/^0+/, "").slice(0, 7);
    typed.textContent = "¥" + (digits || "0").replace(/\B(?=(\d{3})+$)/g, ",");
    document.getElementById("yuan").value = digits;
    showPad();
    // the digits survive a change of language and a visit to the help page
    var address = location.pathname + "?digits=" + digits;
    history.replaceState(null, "", address);
    document.querySelector(".languages [name=back]").value = address;
    document.querySelectorAll(".tools a").forEach(function (tool) {
      tool.href = tool.pathname + "?back=" + encodeURIComponent(address);
    });
  }
  if (typed) {
    main.addEventListener("click", function (event) {
      var key = event.target.closest("[data-key]");
      if (!key) return;
      event.preventDefault();
      type(key.dataset.key);
    });
    addEventListener("keydown", function (event) {
      if (event.ctrlKey || event.altKey || event.metaKey || (stay && !stay.hidden)) return;
      var focused = document.activeElement.closest("a, button:not(.main)");
      var digit = /^Numpad[0-9]$/.test(event.code) ? event.code.slice(-1) : event.key; // also without Num Lock
      if (/^[0-9]$/.test(digit)) type(digit);
      else if (event.key === "Backspace" || event.key === "Delete") type(event.key === "Delete" ? "clear" : "back");
      else if (event.key === "Enter" && !focused) main.querySelector(".button.main").click();
      else return;
      event.preventDefault();
    });
    main.querySelector("form").addEventListener("submit", function (event) {
      if (main.querySelector(".button.main").getAttribute("aria-disabled") !== "true") return;
      event.preventDefault();
      leading = -1e4;
      showPad(true);
    });
    showPad(!document.getElementById("too-little").hidden);
  }

  // -- signs of life, and whether another window is in front: then the browser is restarted
  function sendSign() {
    var front = document.visibilityState === "visible" && document.hasFocus();
    fetch(front ? "/alive" : "/alive?behind=1", { method: "POST", keepalive: true }).catch(function () {});
  }
  if (document.getElementById("forget")) { // not on another device
    sendSign();
    setInterval(sendSign, 30000);
    ["focus", "blur"].forEach(function (kind) { addEventListener(kind, sendSign); });
    document.addEventListener("visibilitychange", sendSign);
  }

  // -- from the back/forward cache: scene and key are outdated
  addEventListener("pageshow", function (event) {
    if (event.persisted) location.reload();
  });
})();
