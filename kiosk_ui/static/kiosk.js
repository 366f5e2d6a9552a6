// Live updates, reset of an idle session, number pad, protection against double touches.
// Every page works without this file. ES2018 without modules. Contains no text of any language.
(function () {
  "use strict";
  var body = document.body;
  var main = document.getElementById("main");
  var news = document.getElementById("news");

  // -- away: while the server is unreachable, links must not lead to the browser's error page
  var away = document.getElementById("away");
  function setAway(is) { away.hidden = !is; }
  ["click", "submit"].forEach(function (kind) {
    addEventListener(kind, function (event) {
      var leads = kind === "submit" || (event.target.closest && event.target.closest("a[href], button[form], form button"));
      if (!away.hidden && leads && !event.target.closest("[data-key], [type=button]")) {
        event.preventDefault();
        event.stopImmediatePropagation();
      }
    }, true);
  });

  // -- live: the server sends the complete content of <main>, or a new address
  function follow(url) {
    var source = new EventSource(url);
    source.onmessage = function (event) {
      var message = JSON.parse(event.data);
      if (message.news !== undefined) news.innerHTML = message.news;
      if (message.go) {
        source.close();
        location.replace(message.go);
      } else if (message.html !== undefined && body.classList.contains("page-" + message.view)) {
        replace(message.html);
      }
    };
    source.onopen = function () { setAway(false); };
    source.onerror = function () { setAway(source.readyState === EventSource.CONNECTING); };
    addEventListener("pagehide", function () { source.close(); });
  }
  function normalize(html) {
    var template = document.createElement("template");
    template.innerHTML = html;
    return template.innerHTML.trim();
  }
  var shown = normalize(main.innerHTML);
  function replace(html) {
    var next = normalize(html);
    if (shown === next) return;
    shown = next;
    var at = main.contains(document.activeElement) && document.activeElement.getAttribute("href");
    main.innerHTML = html;
    var same = at && main.querySelector('[href="' + at + '"]'); // keyboard users keep their focus
    if (same) same.focus();
    showVoices();
    showFurther();
    main.classList.remove("arriving");
    void main.offsetWidth; // restart the animation
    main.classList.add("arriving");
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
  function visibleHeight() { return scroller.clientHeight - (further.hidden ? 0 : further.parentNode.offsetHeight); }
  function firstCutOff() { // top of the first project that is not completely visible; 0 for none
    var next = Array.prototype.filter.call(main.querySelectorAll(".projects > li"), function (each) {
      var place = each.getBoundingClientRect();
      return place.top > 9 && place.bottom > visibleHeight() + 1;
    })[0];
    return next ? next.getBoundingClientRect().top - 8 : 0;
  }
  function scrollPage(top) {
    var calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    scroller.scrollTo({ top: top, behavior: calm ? "auto" : "smooth" });
  }
  further.addEventListener("click", function () {
    scrollPage(further.lastElementChild.hidden ? scroller.scrollTop + (firstCutOff() || 0.85 * visibleHeight()) : 0);
    showFurther();
  });
  ["scroll", "resize", "load"].forEach(function (kind) { addEventListener(kind, showFurther, { passive: true }); });
  document.addEventListener("toggle", showFurther, true); // opened details
  showFurther();

  // -- idle: ask 30 s before the session is reset; any touch extends it, any number of times
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

  // -- number pad: the rule of kiosk_ui/keypad.py
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
      // the digits survive a change of language and a visit to the help page
      var address = location.pathname + "?digits=" + digits;
      history.replaceState(null, "", address);
      document.querySelector(".languages [name=back]").value = address;
      document.querySelectorAll(".tools a").forEach(function (tool) {
        tool.href = tool.pathname + "?back=" + encodeURIComponent(address);
      });
    });
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

  // -- ignore a second touch on a form that is being sent
  document.addEventListener("submit", function (event) {
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "1";
    setTimeout(function () { delete event.target.dataset.sent; }, 4000); // if the server was unreachable, allow another try
  });
  addEventListener("pageshow", function (event) {
    if (event.persisted) location.reload(); // from the back/forward cache: scene and key are outdated
  });
})();
