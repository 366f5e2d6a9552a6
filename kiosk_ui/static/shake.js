// A shake does the same as the button. Motion is read only after a tap, and can be turned off again.
// ES2018 without modules. Contains no text of any language.
(function () {
  "use strict";
  var turn = document.getElementById("shake-turn");
  if (!turn || typeof DeviceMotionEvent === "undefined") return;
  var on = document.getElementById("shake-on");
  var off = document.getElementById("shake-off");
  var STRONG = 14; // m/s², without gravity
  var STROKES = 3, WITHIN_MS = 1000, PATIENCE_MS = 3000;
  var strokes = [], before = null, heard = false, waiting = 0;

  function show(listening, notice) {
    on.hidden = listening;
    off.hidden = !listening;
    ["shake-ready", "shake-denied"].forEach(function (id) { document.getElementById(id).hidden = id !== notice; });
  }
  function strength(event) {
    var free = event.acceleration;
    if (free && free.x !== null) return Math.hypot(free.x, free.y, free.z);
    var all = event.accelerationIncludingGravity;
    if (!all || all.x === null) return null;
    return Math.abs(Math.hypot(all.x, all.y, all.z) - 9.81);
  }
  function moved(event) {
    var now = strength(event);
    if (now === null) return;
    heard = true;
    var stroke = now >= STRONG && (before === null || before < STRONG);
    before = now;
    if (!stroke) return;
    strokes = strokes.filter(function (at) { return event.timeStamp - at < WITHIN_MS; });
    strokes.push(event.timeStamp);
    if (strokes.length < STROKES) return;
    stop("");
    location.assign(turn.href);
  }
  function stop(notice) {
    removeEventListener("devicemotion", moved);
    clearTimeout(waiting);
    show(false, notice);
  }
  function listen() {
    strokes = []; before = null; heard = false;
    addEventListener("devicemotion", moved);
    show(true, "shake-ready");
    waiting = setTimeout(function () { if (!heard) stop("shake-denied"); }, PATIENCE_MS);
  }
  on.addEventListener("click", function () {
    if (typeof DeviceMotionEvent.requestPermission !== "function") return listen();
    DeviceMotionEvent.requestPermission().then(function (answer) {
      if (answer === "granted") listen(); else show(false, "shake-denied");
    }, function () { show(false, "shake-denied"); });
  });
  off.addEventListener("click", function () { stop(""); });
  addEventListener("pagehide", function () { stop(""); });
  show(false, "");
})();
