const assert = require('node:assert');
const test = require('node:test');
const { shake, visitorOf } = require('../../../miniprogram/lib/server');
const { Shaking } = require('../../../miniprogram/lib/shaking');

const FOUND = { project: { id: 'lunch' }, url: 'https://x' };
const wait = async () => {};
let count = 0;
const random = (digits) => String((count += 1)).padStart(digits, '0');

function server(...answers) {
  const asked = [];
  const request = (options) => {
    asked.push(options);
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer === null) options.fail({ errMsg: 'request:fail' });
    else options.success({ statusCode: answer[0], data: answer[1] });
  };
  return { request, asked };
}

test('a found project is given on', async () => {
  const { request, asked } = server([200, { contract: 1, found: FOUND, reason: '' }]);
  const beacons = [{ uuid: 'u', major: 1, minor: 1 }];
  assert.deepStrictEqual(await shake(request, 'https://give', beacons, 'visitor-of-today', random, wait), { found: FOUND });
  assert.strictEqual(asked[0].url, 'https://give/api/v1/shake');
  assert.deepStrictEqual(asked[0].data, { beacons, visitor: 'visitor-of-today' });
});

test('nothing near is a reason and no trouble', async () => {
  const { request } = server([200, { contract: 1, found: null, reason: 'not_ours' }]);
  assert.deepStrictEqual(await shake(request, '', [], 'v', random, wait), { reason: 'not_ours' });
});

test('a question without an answer is put again under its key', async () => {
  const { request, asked } = server(null, [503, ''], [200, { contract: 1, found: FOUND, reason: '' }]);
  assert.deepStrictEqual(await shake(request, '', [], 'v', random, wait), { found: FOUND });
  assert.strictEqual(new Set(asked.map((each) => each.header['idempotency-key'])).size, 1);
  assert.strictEqual(asked.length, 3);
});

test('a portal page, a crowd and a refusal each have their word', async () => {
  const cases = [[[200, '<html>'], 'offline'], [[429, {}], 'busy'], [[400, {}], 'refused'], [null, 'offline']];
  for (const [answer, trouble] of cases) {
    const { request } = server(answer);
    assert.deepStrictEqual(await shake(request, '', [], 'v', random, wait), { trouble });
  }
});

test('a visitor has one name a day', () => {
  const stored = {};
  const storage = { get: (name) => stored[name], set: (name, value) => { stored[name] = value; } };
  const first = visitorOf(storage, 'Tue', random);
  assert.strictEqual(visitorOf(storage, 'Tue', random), first);
  assert.notStrictEqual(visitorOf(storage, 'Wed', random), first);
  assert.match(first, /^[A-Za-z0-9_-]{16,64}$/);
});

function movements(shaking, samples, step = 20) {
  let shakes = 0;
  samples.forEach((strength, number) => { if (shaking.moved({ x: strength, y: 0, z: 0 }, number * step)) shakes += 1; });
  return shakes;
}

test('three strong strokes are a shake, and only one', () => {
  assert.strictEqual(movements(new Shaking(), [1, 3, 1, 3, 1, 3, 1]), 1);
  assert.strictEqual(movements(new Shaking(), Array.from({ length: 40 }, (_, n) => (n % 2 ? 3 : 1))), 1);
});

test('walking, lying and one knock are no shake', () => {
  assert.strictEqual(movements(new Shaking(), Array.from({ length: 200 }, (_, n) => 1 + 0.4 * Math.sin(n))), 0);
  assert.strictEqual(movements(new Shaking(), [1, 5, 1, 1, 1, 1]), 0);
  assert.strictEqual(movements(new Shaking(), [1, 3, 1, 3, 1, 3], 700), 0);
});
