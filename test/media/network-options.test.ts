import assert from 'node:assert/strict';
import { networkOptions } from '../../src/media/transcode';

describe('time limits of network addresses', () => {
  const names: [string, string][] = [
    ['N-47683-g0e8eb07980-static', '-stimeout'],
    ['4.4.2-0ubuntu0.22.04.1', '-stimeout'],
    ['5.1.9-0+deb12u1', '-timeout'],
    ['n7.1', '-timeout'],
    ['N-118000-gabcdef', '-timeout'],
    ['2026-01-01-git-abc', '-timeout'],
  ];
  for (const [version, option] of names)
    it(`of RTSP in ffmpeg ${version} is ${option}`, () =>
      assert.equal(networkOptions('rtsp://cam/1', version)[2], option));

  it('of anything else is rw_timeout, in microseconds', () =>
    assert.deepEqual(networkOptions('https://host/a.mp3', '5.1'), ['-rw_timeout', '10000000']));
});
