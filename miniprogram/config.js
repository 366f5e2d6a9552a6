// Settings for the installer. `server`: the central server's https address, without a final slash; it must be one of
// the request domains of the mini-program's account. `uuids`: 1 to 20 uuids of the halls' beacons.
module.exports = {
  server: 'https://give.example.org',
  uuids: ['7f0c0b1e-52a4-4a0f-9a55-3f6c3b1d9e10'],
};
