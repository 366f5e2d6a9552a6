// Which beacons are heard now. An update names all that were heard lately; what is not named again goes after a while.

const FORGET_AFTER_MS = 6000;
const MOST = 50; // of POST /api/v1/shake

function whole(value, least, most) {
  const number = Number(value);
  return value !== '' && value !== null && Number.isInteger(number) && number >= least && number <= most ? number : null;
}

// One beacon as the server wants it, or null. accuracy -1 and rssi 0 mean that the phone does not know.
function ranged(heard) {
  const uuid = String(heard.uuid || '').toLowerCase();
  const major = whole(heard.major, 0, 65535);
  const minor = whole(heard.minor, 0, 65535);
  if (!/^[0-9a-f-]{36}$/.test(uuid) || major === null || minor === null) return null;
  const found = { uuid, major, minor };
  const rssi = Math.round(Number(heard.rssi));
  if (rssi < 0 && rssi >= -127) found.rssi = rssi;
  const metres = Number(heard.accuracy);
  if (heard.accuracy !== undefined && metres >= 0 && metres <= 1000) found.distance_m = Math.round(metres * 100) / 100;
  return found;
}

class Nearby {
  constructor() {
    this.held = new Map();
  }

  heard(update, now) {
    for (const each of (update && update.beacons) || []) {
      const found = ranged(each);
      if (found) this.held.set(`${found.uuid}/${found.major}/${found.minor}`, { found, at: now });
    }
  }

  // The strongest first.
  now(now) {
    for (const [name, { at }] of this.held) if (now - at > FORGET_AFTER_MS) this.held.delete(name);
    const level = ({ found }) => (found.rssi === undefined ? -1000 : found.rssi);
    return [...this.held.values()].sort((a, b) => level(b) - level(a)).slice(0, MOST).map(({ found }) => found);
  }
}

module.exports = { Nearby, ranged, FORGET_AFTER_MS };
