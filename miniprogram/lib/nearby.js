// The beacons received now. An update names all recent ones; a beacon that is not repeated expires.

const FORGET_AFTER_MS = 6000;
const MAX_BEACONS = 50; // limit of POST /api/v1/shake

function parseInteger(value, least, most) {
  const number = Number(value);
  return value !== '' && value !== null && Number.isInteger(number) && number >= least && number <= most ? number : null;
}

// Returns a beacon in the format of the server, or null. accuracy -1 and rssi 0 mean unknown.
function ranged(heard) {
  const uuid = String(heard.uuid || '').toLowerCase();
  const major = parseInteger(heard.major, 0, 65535);
  const minor = parseInteger(heard.minor, 0, 65535);
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
    this.recent = new Map();
  }

  heard(update, now) {
    for (const each of (update && update.beacons) || []) {
      const found = ranged(each);
      if (found) this.recent.set(`${found.uuid}/${found.major}/${found.minor}`, { found, at: now });
    }
  }

  // Strongest first.
  now(now) {
    for (const [name, { at }] of this.recent) if (now - at > FORGET_AFTER_MS) this.recent.delete(name);
    const level = ({ found }) => (found.rssi === undefined ? -1000 : found.rssi);
    return [...this.recent.values()].sort((a, b) => level(b) - level(a)).slice(0, MAX_BEACONS).map(({ found }) => found);
  }
}

module.exports = { Nearby, ranged, FORGET_AFTER_MS };
