// Starts and stops beacon discovery and reports its state. `wx`: WeChat's API or a fake.

const { ofFailure, ofUuids } = require('./guidance');
const { Nearby } = require('./nearby');

const RESTARTS = 2;
const ECHO_MS = 2000;

class Listening {
  // notify(word): '' while listening, else a key of lib/words.js
  constructor(wx, uuids, notify, clock = Date.now) {
    this.wx = wx;
    this.uuids = uuids;
    this.notify = notify;
    this.clock = clock;
    this.nearby = new Nearby();
    this.restarts = 0;
    this.on = false;
    this.stopped = null;
  }

  start() {
    const wrong = ofUuids(this.uuids);
    if (wrong) return this.notify(wrong.word);
    if (typeof this.wx.startBeaconDiscovery !== 'function') return this.notify('unsupported');
    this.on = true;
    this.wx.onBeaconUpdate((update) => this.nearby.heard(update, this.clock()));
    this.wx.onBeaconServiceChange(({ available, discovering }) => {
      if (!this.on) return;
      if (!available) this.notify('bluetooth_off');
      else if (!discovering && !this.isEcho()) this.again();
    });
    return this.begin();
  }

  begin() {
    this.wx.startBeaconDiscovery({
      uuids: this.uuids,
      success: (result) => this.handleResult(ofFailure({ errCode: 0, ...result, errMsg: '' })),
      fail: (failure) => this.handleResult(ofFailure(failure)),
    });
  }

  handleResult({ word, next }) {
    if (next === 'again' && this.restarts < RESTARTS) return this.again();
    if (next === 'go') this.restarts = 0;
    return this.notify(word);
  }

  // Stop and start: after Bluetooth was switched on again, the old discovery receives nothing.
  again() {
    this.restarts += 1;
    if (this.restarts > RESTARTS) return this.notify('trouble');
    this.stopped = this.clock();
    return this.wx.stopBeaconDiscovery({ complete: () => this.on && this.begin() });
  }

  // Some phones report the end that our own stop caused, once and soon, before or after the new start.
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
