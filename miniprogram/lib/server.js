// Asking the central server. `request` is wx.request or what stands for it; `random` gives hexadecimal digits.

const TRIES = 3;

function sent(request, options) {
  return new Promise((resolve) => {
    request({
      ...options,
      timeout: 10000,
      success: (answer) => resolve({ status: answer.statusCode, body: answer.data }),
      fail: () => resolve({ status: 0, body: null }),
    });
  });
}

// {found} with a project, {reason} why there is none, or {trouble}: 'offline', 'busy' or 'refused'. A question that got
// no answer is put again under the same key, so that it counts once.
async function shake(request, server, beacons, visitor, random, wait) {
  const key = random(32);
  for (let attempt = 1; ; attempt += 1) {
    const { status, body } = await sent(request, {
      url: `${server}/api/v1/shake`,
      method: 'POST',
      header: { 'content-type': 'application/json', 'idempotency-key': key },
      data: { beacons, visitor },
    });
    if (status === 200 && body && typeof body === 'object' && body.contract === 1) {
      return body.found ? { found: body.found } : { reason: body.reason };
    }
    const again = status === 0 || status === 429 || status >= 500 || status === 200; // 200: a portal's page, not ours
    if (!again) return { trouble: 'refused' };
    if (attempt === TRIES) return { trouble: status === 429 ? 'busy' : 'offline' };
    await wait(500 * 2 ** attempt * Math.random());
  }
}

// Random, made anew each day: it counts different visitors, and is kept nowhere but on this phone.
function visitorOf(storage, day, random) {
  const held = storage.get('visitor');
  if (held && held.day === day) return held.name;
  const name = random(32);
  storage.set('visitor', { day, name });
  return name;
}

module.exports = { shake, visitorOf };
