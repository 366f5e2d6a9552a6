// Posts the signed form to the bank once, not again on return: the bank accepts an order only once.
(function () {
  "use strict";
  var form = document.getElementById("handover");
  var came = performance.getEntriesByType("navigation")[0];
  if (form && (!came || came.type === "navigate")) form.submit();
})();
