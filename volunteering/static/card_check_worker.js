// Answers the pages of the card check from the cache where there is no network. Works only below /k/ and /K/.
"use strict";
var PATIENCE_MS = 4000;

self.addEventListener("install", function () { self.skipWaiting(); });
self.addEventListener("activate", function (event) { event.waitUntil(self.clients.claim()); });

function fromNetwork(request) {
  return new Promise(function (resolve, reject) {
    setTimeout(reject, PATIENCE_MS);
    fetch(request).then(function (answer) {
      if (answer.status >= 500) reject(); else resolve(answer);
    }, reject);
  });
}

self.addEventListener("fetch", function (event) {
  var request = event.request;
  if (request.method !== "GET" || new URL(request.url).origin !== location.origin) return;
  var stored = request.mode === "navigate" ? "/k/shell" : request;
  event.respondWith(fromNetwork(request).catch(function () {
    return caches.match(stored, { ignoreVary: true }).then(function (found) { return found || Response.error(); });
  }));
});
