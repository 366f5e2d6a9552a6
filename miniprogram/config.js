// What an installer changes. `server`: the central server's https address, without a slash at its end; it must stand
// among the request domains of the mini-program's account. `uuids`: of the halls' beacons, at least one, at most 20.
module.exports = {
  server: 'https://give.example.org',
  uuids: ['7f0c0b1e-52a4-4a0f-9a55-3f6c3b1d9e10'],
};
