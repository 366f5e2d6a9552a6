// Requests to the central server. `request`: wx.request or a fake; `random` returns hexadecimal digits.

const TRIES = 3;

function send(request, options) {
  return new Promise((resolve) => {
    request({
      ...options,
      timeout: 10000,
      success: (answer) => resolve({ status: answer.statusCode, body: answer.data }),
      fail: () => resolve({ status: 0, body: null }),
    });
  });
}

// Returns {found} with a project, {reason} why there is none, or {trouble}: 'offline', 'busy' or 'refused'. A request
// without a response is repeated with the same key, so that it counts once.
async function shake(request, server, beacons, visitor, random, wait) {
  const key = random(32);
  for (let attempt = 1; ; attempt += 1) {
    const { status, body } = await send(request, {
      url: `${server}/api/v1/shake`,
      method: 'POST',
      header: { 'content-type': 'application/json', 'idempotency-key': key },
      data: { beacons, visitor },
    });
    if (status === 200 && body && typeof body === 'object' && body.contract === 1) {
      return body.found ? { found: body.found } : { reason: body.reason };
    }
    const again = status === 0 || status === 429 || status >= 500 || status === 200; // 200: the page of a captive portal
    if (!again) return { trouble: 'refused' };
    if (attempt === TRIES) return { trouble: status === 429 ? 'busy' : 'offline' };
    await wait(500 * 2 ** attempt * Math.random());
  }
}

// Returns a random name, new each day, to count different visitors; it is stored only on this phone.
function visitorOf(storage, day, random) {
  const stored = storage.get('visitor');
  if (stored && stored.day === day) return stored.name;
  const name = random(32);
  storage.set('visitor', { day, name });
  return name;
}

module.exports = { shake, visitorOf };
