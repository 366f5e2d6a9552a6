const assert = require('node:assert');
const test = require('node:test');
const { ofFailure, ofUuids, MOST_UUIDS } = require('../../../miniprogram/lib/guidance');
const { WORDS, languageOf } = require('../../../miniprogram/lib/words');

const UUID = '7f0c0b1e-52a4-4a0f-9a55-3f6c3b1d9e10';

test('each code of the documents has its remedy', () => {
  const cases = {
    0: ['', 'go'], 11000: ['unsupported', 'end'], 11001: ['bluetooth_off', 'ask'], 11002: ['location_off', 'ask'],
    11003: ['', 'go'], 11004: ['trouble', 'again'], 11005: ['trouble', 'again'], 11006: ['misconfigured', 'end'],
  };
  for (const [code, [word, next]] of Object.entries(cases)) {
    assert.deepStrictEqual(ofFailure({ errCode: Number(code), errMsg: 'startBeaconDiscovery:fail' }), { word, next });
  }
});

test('a refused permission differs from a failure without a code', () => {
  assert.strictEqual(ofFailure({ errMsg: 'startBeaconDiscovery:fail auth deny' }).word, 'location_denied');
  assert.strictEqual(ofFailure({ errMsg: 'startBeaconDiscovery:fail privacy permission is not authorized' }).word, 'location_denied');
  for (const odd of [undefined, null, {}, { errCode: 4711 }, { errCode: null }]) {
    assert.ok(['trouble', ''].includes(ofFailure(odd).word));
  }
  assert.strictEqual(ofFailure({}).next, 'ask');
});

test('a list of uuids that phones answer to with nonsense is never tried', () => {
  assert.strictEqual(ofUuids([UUID]), null);
  for (const wrong of [[], undefined, 'x', ['x'], [UUID, 'x'], Array(MOST_UUIDS + 1).fill(UUID)]) {
    assert.deepStrictEqual(ofUuids(wrong), { word: 'misconfigured', next: 'end' });
  }
});

test('every text exists in every language', () => {
  const names = Object.keys(WORDS.en).sort();
  for (const [language, words] of Object.entries(WORDS)) {
    assert.deepStrictEqual(Object.keys(words).sort(), names, language);
    for (const text of Object.values(words)) assert.ok(text.length > 0);
  }
  assert.ok(Object.keys(WORDS.en).filter((name) => WORDS['zh-Hans'][name] === WORDS['zh-Hant'][name]).length === 0);
});

test('the language of WeChat decides', () => {
  const cases = { zh_CN: 'zh-Hans', zh_TW: 'zh-Hant', zh_HK: 'zh-Hant', en: 'en', en_US: 'en', '': 'zh-Hans', fr: 'zh-Hans' };
  for (const [tag, language] of Object.entries(cases)) assert.strictEqual(languageOf(tag), language);
});
