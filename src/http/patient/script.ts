/**
 * The tiny helper of the patient's page; without it the page reloads itself every few seconds. It counts
 * down on the service's clock and loads the page again when the session has changed: one renderer, the
 * server's. Old phones: plain syntax, nothing newer than EventSource.
 */
export const patientScript = `
(function () {
  var page = document.getElementById('page').dataset;
  var left = document.getElementById('left');
  var start = performance.now();
  var again = function () { location.reload(); };
  var two = function (n) { return (n < 10 ? '0' : '') + n; };
  function tick() {
    var seconds = Math.ceil((+page.end - +page.now - (performance.now() - start)) / 1000);
    if (seconds <= 0) { setTimeout(again, 1500); return; }
    left.textContent = two(Math.floor(seconds / 60)) + ':' + two(seconds % 60);
    setTimeout(tick, 500);
  }
  if (left) { document.getElementById('left-word').textContent = page.left; tick(); }
  if (!page.events) return;
  if (!window.EventSource) { setTimeout(again, 3000); return; }
  var source = new EventSource(page.events);
  source.addEventListener('status', function (event) {
    if (JSON.parse(event.data).version !== +page.version) again();
  });
  source.onerror = function () { if (source.readyState === 2) setTimeout(again, 3000); };
})();
`.trim();
