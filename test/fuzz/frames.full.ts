import assert from 'node:assert/strict';
import { guarded } from './guard';
import { ENDS } from './ends';
import { fuzzSession, type FuzzRun } from './session-fuzz';

const FRAMES = 20_000;
const CONFIG = { sessionResumption: {}, inputAudioTranscription: {}, outputAudioTranscription: {} };

/** Sessions that differ in what they do with the same frames. Together they get 100,000. */
const RUNS: Record<string, Omit<FuzzRun, 'seed' | 'frames'>> = {
  'as it is by default': { batch: 500, session: {} },
  'with everything switched on': {
    batch: 500,
    session: {
      model: 'gemini-2.5-flash-native-audio-preview-12-2025',
      config: { ...CONFIG, realtimeInputConfig: { automaticActivityDetection: { disabled: true } } },
    },
  },
  'of 3.1, with small lanes': {
    batch: 500,
    session: {
      toolGateMs: false,
      model: 'gemini-3.1-flash-live-preview',
      config: CONFIG,
      lanes: { maxAudioMs: 200, maxControlChars: 2000, highWaterBytes: 4096 },
    },
  },
  'on Vertex AI, with watchdogs and limits': {
    batch: 500,
    vertex: true,
    session: {
      toolGateMs: false,
      model: 'gemini-live-2.5-flash-native-audio',
      config: CONFIG,
      watchdogs: { silentAudioMs: 20, toolAnswerMs: 20, serverSilentMs: 20, nudge: true },
      limits: { turnsPerMinute: 1_000_000, sessionStartsPerMinute: 1_000_000, concurrentSessions: 10 },
    },
  },
  'whose connection ends in every way': {
    batch: 250,
    session: {
      toolGateMs: false,
      config: CONFIG,
      recovery: { firstDelayMs: 5, maxDelayMs: 50 },
    },
    ends: ENDS,
  },
};

describe('fuzz: 100,000 hostile frames through the real socket', function () {
  this.timeout(180_000);
  Object.entries(RUNS).forEach(([name, run], index) => {
    const seed = 7_000 + index;
    it(`a session ${name} survives ${FRAMES} frames (seed ${seed})`, async () => {
      const result = await guarded(() => fuzzSession({ ...run, seed, frames: FRAMES }));
      assert.ok(result.frames >= FRAMES);
      assert.ok(
        result.turns > 200 && result.warnings > 200 && result.badFrames > 2000,
        JSON.stringify(result),
      );
      if (run.ends) assert.ok(result.connections > 20, JSON.stringify(result));
    });
  });
});
