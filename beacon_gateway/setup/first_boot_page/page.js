// Loads the page again when it changed, or when the kiosk has taken this address over. A browser's own error page would stay.
(function () {
  "use strict";
  function ask() {
    fetch("/first-boot/state", { cache: "no-store" }).then(function (answer) {
      return answer.ok ? answer.json() : { version: -1 };
    }).then(function (state) {
      if (String(state.version) !== document.body.dataset.version) location.replace("/");
    }, function () {});
    setTimeout(ask, 1500);
  }
  ask();
})();
