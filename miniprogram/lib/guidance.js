// Maps failures of beacon discovery to a message and the next step.
//
// Codes of wx.startBeaconDiscovery. Android returns 11001 also for an empty list of uuids, iOS returns no code;
// 11005 follows when Bluetooth was switched off and on, and a second start fixes it.

const MOST_UUIDS = 20; // regions of iOS

// word: key in lib/words.js; next: 'ask' the person, 'again' restart, 'go' no failure, 'end' unsupported
const BY_CODE = {
  0: { word: '', next: 'go' },
  11000: { word: 'unsupported', next: 'end' },
  11001: { word: 'bluetooth_off', next: 'ask' },
  11002: { word: 'location_off', next: 'ask' },
  11003: { word: '', next: 'go' }, // already started
  11004: { word: 'trouble', next: 'again' }, // not started
  11005: { word: 'trouble', next: 'again' },
  11006: { word: 'misconfigured', next: 'end' },
};

function ofFailure(failure) {
  const message = String((failure && failure.errMsg) || '');
  if (/auth|permission|privacy/i.test(message)) return { word: 'location_denied', next: 'ask' };
  const code = failure && failure.errCode !== undefined ? Number(failure.errCode) : NaN;
  return BY_CODE[code] || { word: 'trouble', next: 'ask' };
}

// Returns null, or the fault of the list of uuids.
function ofUuids(uuids) {
  const form = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
  const good = Array.isArray(uuids) && uuids.length > 0 && uuids.length <= MOST_UUIDS && uuids.every((each) => form.test(each));
  return good ? null : { word: 'misconfigured', next: 'end' };
}

module.exports = { ofFailure, ofUuids, MOST_UUIDS };
