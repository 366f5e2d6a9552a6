const assert = require('node:assert');
const test = require('node:test');
const { Listening } = require('../../../miniprogram/lib/listening');
const { Nearby, ranged, FORGET_AFTER_MS } = require('../../../miniprogram/lib/nearby');

const UUID = '7f0c0b1e-52a4-4a0f-9a55-3f6c3b1d9e10';

// WeChat as far as it goes here: `codes` are what each start ends with.
class Phone {
  constructor(...codes) {
    this.codes = codes;
    this.starts = 0;
    this.stops = 0;
  }
  startBeaconDiscovery({ success, fail }) {
    this.starts += 1;
    const code = this.codes.length > 1 ? this.codes.shift() : this.codes[0];
    if (code === 0) success({ errCode: 0, errMsg: 'startBeaconDiscovery:ok' });
    else fail({ errCode: code, errMsg: 'startBeaconDiscovery:fail' });
  }
  stopBeaconDiscovery({ complete }) {
    this.stops += 1;
    if (complete) complete();
  }
  onBeaconUpdate(listener) { this.update = listener; }
  onBeaconServiceChange(listener) { this.change = listener; }
  offBeaconUpdate() { this.update = null; }
  offBeaconServiceChange() { this.change = null; }
}

function listening(phone, clock = () => 0) {
  const words = [];
  const made = new Listening(phone, [UUID], (word) => words.push(word), clock);
  return { made, words };
}

test('a phone that can hear says nothing', () => {
  for (const code of [0, 11003]) {
    const { made, words } = listening(new Phone(code));
    made.start();
    assert.deepStrictEqual(words, ['']);
  }
});

test('a system error is fixed by a restart and reported when it persists', () => {
  const once = new Phone(11005, 0);
  const healed = listening(once);
  healed.made.start();
  assert.deepStrictEqual([healed.words, once.starts, once.stops], [[''], 2, 1]);
  const always = new Phone(11005);
  const sick = listening(always);
  sick.made.start();
  assert.deepStrictEqual([sick.words, always.starts], [['trouble'], 3]);
});

test('Bluetooth off is reported, and after it is on again discovery restarts', () => {
  const phone = new Phone(0);
  const { made, words } = listening(phone);
  made.start();
  phone.change({ available: false, discovering: false });
  phone.change({ available: true, discovering: false });
  assert.deepStrictEqual(words, ['', 'bluetooth_off', '']);
  assert.strictEqual(phone.starts, 2);
});

for (const when of ['before', 'after']) {
  test(`the end that our own stop caused, reported ${when} the new start, is no new fault`, () => {
    const phone = new Phone(11005, 0);
    const stop = phone.stopBeaconDiscovery;
    phone.stopBeaconDiscovery = ({ complete }) => {
      if (when === 'before') phone.change({ available: true, discovering: false });
      stop.call(phone, { complete });
      if (when === 'after') phone.change({ available: true, discovering: false });
    };
    let now = 0;
    const { made, words } = listening(phone, () => now);
    made.start();
    assert.deepStrictEqual([words, phone.starts, phone.stops], [[''], 2, 1]);
    now = 60_000;
    phone.change({ available: true, discovering: false });
    assert.deepStrictEqual([words, phone.starts], [['', ''], 3]);
  });
}

test('an old WeChat and a missing uuid never start', () => {
  const words = [];
  new Listening({}, [UUID], (word) => words.push(word)).start();
  new Listening(new Phone(0), [], (word) => words.push(word)).start();
  assert.deepStrictEqual(words, ['unsupported', 'misconfigured']);
});

test('after stopping nothing starts by itself', () => {
  const phone = new Phone(0);
  const { made } = listening(phone);
  made.start();
  const change = phone.change;
  made.stop();
  change({ available: true, discovering: false });
  assert.strictEqual(phone.starts, 1);
});

test('beacons are reported in the format of the server, strongest first, and expire', () => {
  let now = 0;
  const phone = new Phone(0);
  const { made } = listening(phone, () => now);
  made.start();
  phone.update({ beacons: [
    { uuid: UUID.toUpperCase(), major: 1, minor: 1, rssi: -80, accuracy: 3.14159, proximity: 2 },
    { uuid: UUID, major: '1', minor: '2', rssi: -50, accuracy: -1 },
    { uuid: UUID, major: 1, minor: 3, rssi: 0, accuracy: 0.5 },
  ] });
  assert.deepStrictEqual(made.heard(), [
    { uuid: UUID, major: 1, minor: 2, rssi: -50 },
    { uuid: UUID, major: 1, minor: 1, rssi: -80, distance_m: 3.14 },
    { uuid: UUID, major: 1, minor: 3, distance_m: 0.5 },
  ]);
  now = FORGET_AFTER_MS + 1;
  assert.deepStrictEqual(made.heard(), []);
});

test('nonsense from the radio is left out, and fifty are the most', () => {
  for (const odd of [{}, { uuid: 'x', major: 1, minor: 1 }, { uuid: UUID, major: 65536, minor: 1 }, { uuid: UUID, major: 1.5, minor: 1 }, { uuid: UUID, major: null, minor: 1 }]) {
    assert.strictEqual(ranged(odd), null);
  }
  const nearby = new Nearby();
  nearby.heard({ beacons: Array.from({ length: 80 }, (_, minor) => ({ uuid: UUID, major: 1, minor, rssi: -40 - minor })) }, 0);
  nearby.heard(undefined, 0);
  assert.strictEqual(nearby.now(0).length, 50);
  assert.strictEqual(nearby.now(0)[0].minor, 0);
});
