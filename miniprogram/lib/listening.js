// Listening for beacons: start, stop, and what to tell the person. `wx` is WeChat's, or what stands for it.

const { ofFailure, ofUuids } = require('./guidance');
const { Nearby } = require('./nearby');

const RESTARTS = 2;
const ECHO_MS = 2000;

class Listening {
  // tell(word): '' when it listens, else a word of lib/words.js
  constructor(wx, uuids, tell, clock = Date.now) {
    this.wx = wx;
    this.uuids = uuids;
    this.tell = tell;
    this.clock = clock;
    this.nearby = new Nearby();
    this.restarts = 0;
    this.on = false;
    this.stopped = null;
  }

  start() {
    const wrong = ofUuids(this.uuids);
    if (wrong) return this.tell(wrong.word);
    if (typeof this.wx.startBeaconDiscovery !== 'function') return this.tell('unsupported');
    this.on = true;
    this.wx.onBeaconUpdate((update) => this.nearby.heard(update, this.clock()));
    this.wx.onBeaconServiceChange(({ available, discovering }) => {
      if (!this.on) return;
      if (!available) this.tell('bluetooth_off');
      else if (!discovering && !this.isEcho()) this.again();
    });
    return this.begin();
  }

  begin() {
    this.wx.startBeaconDiscovery({
      uuids: this.uuids,
      success: (said) => this.judged(ofFailure({ errCode: 0, ...said, errMsg: '' })),
      fail: (failure) => this.judged(ofFailure(failure)),
    });
  }

  judged({ word, next }) {
    if (next === 'again' && this.restarts < RESTARTS) return this.again();
    if (next === 'go') this.restarts = 0;
    return this.tell(word);
  }

  // Stop and start: after Bluetooth came back, the old discovery hears nothing.
  again() {
    this.restarts += 1;
    if (this.restarts > RESTARTS) return this.tell('trouble');
    this.stopped = this.clock();
    return this.wx.stopBeaconDiscovery({ complete: () => this.on && this.begin() });
  }

  // Some phones tell of the end that our own stop brought, before or after the new start: once, and soon.
  isEcho() {
    const echo = this.stopped !== null && this.clock() - this.stopped < ECHO_MS;
    this.stopped = null;
    return echo;
  }

  stop() {
    this.on = false;
    this.restarts = 0;
    this.stopped = null;
    if (typeof this.wx.stopBeaconDiscovery !== 'function') return;
    this.wx.stopBeaconDiscovery({});
    if (this.wx.offBeaconUpdate) this.wx.offBeaconUpdate();
    if (this.wx.offBeaconServiceChange) this.wx.offBeaconServiceChange();
  }

  heard() {
    return this.nearby.now(this.clock());
  }
}

module.exports = { Listening };
