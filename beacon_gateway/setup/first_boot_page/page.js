// Loads the page again when it changed, or when the kiosk has taken this address over. A browser's own error page would stay.
(function () {
  "use strict";
  function ask() {
    fetch("/first-boot/state", { cache: "no-store" }).then(function (answer) {
      return answer.ok ? answer.json() : answer.status === 404 ? { version: -1 } : null;
    }).then(function (state) {
      if (state && String(state.version) !== document.body.dataset.version) location.replace("/");
    }, function () {});
    setTimeout(ask, 1500);
  }
  ask();
})();
