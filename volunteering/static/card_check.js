// Checks the code of a volunteer card on this phone, with the keys of the last list, without a network.
// The layout of a code: sync_contract/card_code.py. ES2018 without modules. Contains no text of any language.
(function () {
  "use strict";
  var root = document.getElementById("card-check");
  if (!root) return;
  var CACHE = "card-check-1", SHELL = "/k/shell", LIST = "/k/list";
  var DOMAIN = "volunteer card code v1\0", LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  var BYTES = 82, SIGNED = 18, VALID_S = 300, CLOCKS_DIFFER_S = 60, OLD_LIST_S = 7 * 24 * 3600;
  var code = /^\/k\/([a-z2-7]{132})$/i.exec(location.pathname);
  var able = "serviceWorker" in navigator && window.caches && window.crypto && crypto.subtle;

  function show(verdict, facts) {
    root.querySelectorAll("[data-verdict]").forEach(function (each) {
      each.hidden = each.getAttribute("data-verdict") !== verdict;
    });
    Object.keys(facts || {}).forEach(function (name) {
      root.querySelectorAll("[data-fact=" + name + "]").forEach(function (each) { each.textContent = facts[name]; });
    });
    root.setAttribute("data-shown", verdict);
  }
  function moment(seconds) { return new Date(seconds * 1000).toLocaleString(document.documentElement.lang); }
  function decode(text) {
    var out = new Uint8Array(BYTES), bits = 0, value = 0, at = 0;
    text.toUpperCase().split("").forEach(function (letter) {
      value = (value << 5) | LETTERS.indexOf(letter);
      bits += 5;
      if (bits >= 8) { bits -= 8; out[at++] = (value >> bits) & 255; value &= (1 << bits) - 1; }
    });
    return at === BYTES && value === 0 ? out : null;
  }
  function fromBase64(text) {
    var plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, function (letter) { return letter.charCodeAt(0); });
  }
  function hex(bytes) {
    return Array.from(bytes, function (each) { return ("0" + each.toString(16)).slice(-2); }).join("");
  }
  function signedBytes(bytes) {
    var whole = new Uint8Array(DOMAIN.length + SIGNED);
    for (var at = 0; at < DOMAIN.length; at++) whole[at] = DOMAIN.charCodeAt(at);
    whole.set(bytes.subarray(0, SIGNED), DOMAIN.length);
    return whole;
  }
  function verdictOf(key, number, issued, list) {
    var now = Date.now() / 1000;
    if (!key.own) return "foreign";
    if (list.ended.indexOf(number) >= 0) return "ended";
    if (list.wrong_clock || now < list.now - CLOCKS_DIFFER_S || issued > now + CLOCKS_DIFFER_S) return "clock";
    return now > issued + VALID_S ? "expired" : "valid";
  }
  function judge(text, list) {
    var bytes = decode(text);
    var real = list.environment === "real" ? 1 : 0;
    if (!bytes || bytes[0] !== 16 + real) return Promise.resolve({ verdict: "forged" });
    var id = hex(bytes.subarray(1, 9));
    var key = list.keys.filter(function (each) { return each.id === id; })[0];
    if (!key) return Promise.resolve({ verdict: "unknown" });
    var view = new DataView(bytes.buffer);
    var number = view.getUint32(9), stars = bytes[13], issued = view.getUint32(14);
    var curve = { name: "ECDSA", namedCurve: "P-256" };
    return crypto.subtle.importKey("raw", fromBase64(key.public), curve, false, ["verify"]).then(function (opened) {
      var how = { name: "ECDSA", hash: "SHA-256" };
      return crypto.subtle.verify(how, opened, bytes.subarray(SIGNED), signedBytes(bytes));
    }).then(function (right) {
      if (!right) return { verdict: "forged" };
      var written = String(number).padStart(8, "0");
      return {
        verdict: verdictOf(key, number, issued, list),
        number: written.slice(0, 4) + " " + written.slice(4),
        stars: "★".repeat(stars) || "–",
        issued: moment(issued),
        community: key.name[document.documentElement.lang] || ""
      };
    });
  }
  function storedList() {
    return caches.match(LIST).then(function (found) { return found ? found.json() : null; });
  }
  function withList(facts, list) {
    facts.list = moment(list.now);
    facts.clock = moment(Date.now() / 1000);
    document.getElementById("old-list").hidden = Date.now() / 1000 - list.now <= OLD_LIST_S;
    return facts;
  }
  function judgeHere() {
    storedList().then(function (list) {
      if (!list) return show("unprepared");
      return judge(code[1], list).then(function (facts) { show(facts.verdict, withList(facts, list)); });
    }).catch(function () { show("unable"); });
  }
  function compareCommunity() {
    // the server found the code valid: say so only if it is a card of the community that this phone checks
    storedList().then(function (list) {
      if (list && root.dataset.community && list.community !== root.dataset.community) show("foreign");
    });
  }
  function activated(registration) {
    var worker = registration.installing || registration.waiting;
    if (!worker || registration.active) return Promise.resolve();
    return new Promise(function (resolve) {
      worker.addEventListener("statechange", function () { if (worker.state === "activated") resolve(); });
    });
  }
  function storeList(cache) {
    return fetch(root.dataset.list, { cache: "no-store" }).then(function (answer) {
      if (!answer.ok) throw new Error("list");
      return answer.json();
    }).then(function (list) {
      list.wrong_clock = Math.abs(Date.now() / 1000 - list.now) > CLOCKS_DIFFER_S;
      return cache.put(LIST, new Response(JSON.stringify(list))).then(function () { return list; });
    });
  }
  function storePage(cache) {
    var parts = [];
    document.querySelectorAll("link[href], script[src], main img[src], header img[src]").forEach(function (each) {
      var part = each.getAttribute("href") || each.getAttribute("src");
      if (parts.indexOf(part) < 0) parts.push(part); // a cache refuses to add one twice
    });
    return fetch(root.dataset.shell, { cache: "no-store" }).then(function (answer) {
      if (!answer.ok) throw new Error("page");
      return Promise.all([cache.put(SHELL, answer), cache.addAll(parts)]);
    });
  }
  function prepare() {
    var workers = ["/k/", "/K/"].map(function (scope) {
      return navigator.serviceWorker.register("/k/worker.js", { scope: scope }).then(activated);
    });
    Promise.all(workers).then(function () { return caches.open(CACHE); }).then(function (cache) {
      return storePage(cache).then(function () { return storeList(cache); });
    }).catch(storedList).then(function (list) {
      if (!list) return show("unable");
      show(list.wrong_clock ? "wrong_clock" : "ready", withList({}, list));
    });
  }
  if (root.dataset.shell && code && able) judgeHere();
  else if (root.dataset.shell && able) prepare();
  else if (root.dataset.shell) show("unable");
  else if (able) compareCommunity();
})();
