const { server, uuids } = require('../../config');
const { Listening } = require('../../lib/listening');
const { Shaking } = require('../../lib/shaking');
const { shake, visitorOf } = require('../../lib/server');
const { WORDS, languageOf } = require('../../lib/words');

function random(digits) {
  let text = '';
  while (text.length < digits) text += Math.random().toString(16).slice(2, 10);
  return text.slice(0, digits);
}
const storage = { get: (name) => wx.getStorageSync(name), set: (name, value) => wx.setStorageSync(name, value) };
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

Page({
  data: { words: {}, message: '', shakes: false, busy: false, project: null, url: '', settings: false },

  onLoad() {
    const info = wx.getAppBaseInfo ? wx.getAppBaseInfo() : wx.getSystemInfoSync();
    this.language = languageOf(info.language);
    this.words = WORDS[this.language];
    this.setData({ words: this.words });
    wx.setNavigationBarTitle({ title: this.words.title });
    this.listening = new Listening(wx, uuids, (word) => this.showMessage(word));
    this.shaking = new Shaking();
    this.moved = (sample) => {
      if (this.shaking.moved(sample, Date.now())) this.findProject();
    };
  },

  onShow() {
    this.listening.start();
  },

  onHide() {
    this.listening.stop();
    this.shakeOff();
  },

  onUnload() {
    this.onHide();
  },

  showMessage(word) {
    this.setData({ message: word ? this.words[word] : '', settings: word === 'location_denied' });
  },

  again() {
    this.listening.stop();
    this.listening.start();
  },

  openSettings() {
    wx.openSetting({ complete: () => this.again() });
  },

  shakeOn() {
    wx.startAccelerometer({
      interval: 'game',
      success: () => {
        wx.onAccelerometerChange(this.moved);
        this.setData({ shakes: true });
      },
    });
  },

  shakeOff() {
    if (!this.data.shakes) return;
    wx.offAccelerometerChange(this.moved);
    wx.stopAccelerometer({});
    this.setData({ shakes: false });
  },

  // The action of a shake and of its button.
  async findProject() {
    if (this.data.busy) return;
    this.setData({ busy: true });
    const visitor = visitorOf(storage, new Date().toDateString(), random);
    const answer = await shake(wx.request, server, this.listening.heard(), visitor, random, wait);
    this.setData({ busy: false });
    if (!answer.found) {
      this.setData({ project: null });
      this.showMessage(answer.reason || answer.trouble);
      return;
    }
    const { project, url } = answer.found;
    const localized = (texts) => texts[this.language];
    this.showMessage('');
    this.setData({
      project: { title: localized(project.title), summary: localized(project.summary), payee: localized(project.payee) },
      url,
    });
  },

  // A web-view requires a business domain; copying works everywhere.
  open() {
    wx.setClipboardData({ data: this.data.url, success: () => wx.showToast({ title: this.words.copied, icon: 'none' }) });
  },
});
