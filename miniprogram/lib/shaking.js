// Detects a shake: three strong strokes within a second. Samples of wx.onAccelerometerChange in g, with gravity.

const STRONG_G = 1.4; // beyond gravity
const STROKES = 3;
const WITHIN_MS = 1000;
const PAUSE_MS = 2000; // until the next shake counts

class Shaking {
  constructor() {
    this.strokes = [];
    this.strong = false;
    this.quietUntil = 0;
  }

  // Returns true when this sample completes a shake.
  moved({ x, y, z }, now) {
    const strong = Math.abs(Math.hypot(x, y, z) - 1) >= STRONG_G;
    const stroke = strong && !this.strong;
    this.strong = strong;
    if (!stroke || now < this.quietUntil) return false;
    this.strokes = this.strokes.filter((at) => now - at < WITHIN_MS).concat(now);
    if (this.strokes.length < STROKES) return false;
    this.strokes = [];
    this.quietUntil = now + PAUSE_MS;
    return true;
  }
}

module.exports = { Shaking };
