// Polls while the page waits for the bank, without losing the scroll position; without this file the page reloads.
(function () {
  "use strict";
  function ask() {
    var every = Number(document.body.dataset.again || 0) * 1000;
    if (!every) return;
    setTimeout(function () {
      fetch(location.href, { cache: "no-store" }).then(function (answer) { return answer.ok ? answer.text() : ""; }).then(function (html) {
        var next = html && new DOMParser().parseFromString(html, "text/html");
        if (next && next.getElementById("main") && next.body.className === document.body.className) {
          if (!next.body.dataset.again) {
            document.body.removeAttribute("data-again");
            document.getElementById("main").innerHTML = next.getElementById("main").innerHTML;
          }
        }
        ask();
      }, ask);
    }, every);
  }
  ask();
})();
