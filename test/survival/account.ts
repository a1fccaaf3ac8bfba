import assert from 'node:assert/strict';
import type { LiveStats, ToolOutcome } from '../../src/live';
import type { LiveClientMessage } from '../../src/protocol';
import type { JournalEntry, LocalLiveServer } from '../../src/server';
import { numbersIn, type Speech } from './speech';
import { storyOf, type Story } from './story';

const FRAME_MS = 20;
const BYTES_PER_MS = 32;
const FRAME_BYTES = FRAME_MS * BYTES_PER_MS;

/** What became of every function call and of every piece of sound, seen from both sides. */
export class Account {
  private readonly servers: LocalLiveServer[] = [];
  /** How often our side was told of each call. */
  private readonly calls = new Map<string, number>();
  /** What our side was told of each answer. */
  private readonly results = new Map<string, ToolOutcome[]>();

  watch(server: LocalLiveServer): void {
    this.servers.push(server);
  }

  called(id: string): void {
    this.calls.set(id, (this.calls.get(id) ?? 0) + 1);
  }

  settled(id: string, outcome: ToolOutcome): void {
    this.results.set(id, [...(this.results.get(id) ?? []), outcome]);
  }

  /** Functions that were called. */
  get callCount(): number {
    return this.calls.size;
  }

  /** Everything in the journals, in order; each server counts its connections from 1, here they are told apart. */
  private get journal(): JournalEntry[] {
    return this.servers.flatMap(({ journal }, server) =>
      journal.map((entry) => ({ ...entry, connection: server * 10_000 + entry.connection })),
    );
  }

  /** The conversation as the service remembers it at the end of each connection; the last one stands. */
  private get stories(): Story[] {
    const { journal } = this;
    return journal.flatMap((entry) => (entry.kind === 'open' ? [storyOf(entry.connection, journal)] : []));
  }

  /**
   * Each call was told to our side once, so that no function ran twice for it, and each of our answers came to something
   * that we were told. The service never remembers two answers to a call, and in the end remembers one to each.
   */
  checkCalls(): void {
    for (const [id, times] of this.calls) {
      assert.equal(times, 1, `call ${id} was told ${times} times`);
      assert.ok(this.results.has(id), `nothing is known of the answer to call ${id}`);
    }
    const { stories } = this;
    for (const { received } of stories) {
      const ids = answeredIn(received);
      assert.equal(new Set(ids).size, ids.length, `a call has two answers in ${ids.join()}`);
    }
    const { received, sent } = stories.at(-1)!;
    const answered = answeredIn(received);
    const cancelled = sent.flatMap(({ toolCallCancellation }) => toolCallCancellation?.ids ?? []);
    const made = sent.flatMap(({ toolCall }) => toolCall?.functionCalls?.map(({ id = '' }) => id) ?? []);
    const open = made.filter((id) => !answered.includes(id) && !cancelled.includes(id));
    assert.deepEqual(open, [], 'calls without an answer');
  }

  /** Every byte that was handed in was sent, or is counted; and every frame with speech arrived, or is counted. */
  checkSound(speech: Speech, { audioBytes, forgottenAudioMs, repeatedAudioMs }: LiveStats): void {
    const { given, sent, dropped, queued } = audioBytes;
    assert.equal(given, speech.frames * FRAME_BYTES, 'bytes that were handed in');
    assert.equal(sent + dropped + queued, given, 'sent, dropped and queued bytes');
    const arrived = this.journal.flatMap((entry) =>
      entry.kind === 'received' ? framesIn([entry.message]) : [],
    );
    assert.ok(
      arrived.length * FRAME_BYTES <= sent + repeatedAudioMs * BYTES_PER_MS + 1,
      'nothing comes from nowhere',
    );
    const there = new Set(arrived);
    const missing = speech.voiced.filter((number) => !there.has(number)).length * FRAME_MS;
    const counted = dropped / BYTES_PER_MS + forgottenAudioMs;
    assert.ok(
      missing <= counted + 0.1,
      `${missing} ms of speech never arrived, and ${counted} ms are counted`,
    );
  }

  /**
   * With indexed resumption each message counts exactly once: what the service remembers is all that was handed in, in
   * order and without a repetition, but for the sound that is counted as dropped.
   */
  checkExactlyOnce(speech: Speech, { audioBytes }: LiveStats, written: readonly string[]): void {
    const { received } = this.stories.at(-1)!;
    const numbers = framesIn(received);
    numbers.forEach((number, i) => {
      const before = numbers[i - 1] ?? -1;
      assert.ok(number > before, `frame ${number} after frame ${before}`);
    });
    const { given, dropped, queued } = audioBytes;
    assert.equal(given, speech.frames * FRAME_BYTES, 'bytes that were handed in');
    assert.equal(numbers.length * FRAME_BYTES, given - dropped - queued, 'bytes that the service remembers');
    assert.deepEqual(received.flatMap(textsIn), written, 'what was written');
  }
}

function answeredIn(received: readonly LiveClientMessage[]): string[] {
  return received.flatMap(
    ({ toolResponse }) => toolResponse?.functionResponses?.map(({ id = '' }) => id) ?? [],
  );
}

/** Numbers of the frames of sound, in their order. */
function framesIn(received: readonly LiveClientMessage[]): number[] {
  return received.flatMap(({ realtimeInput }) => {
    const { data } = realtimeInput?.audio ?? {};
    return data ? numbersIn(Buffer.from(data, 'base64')) : [];
  });
}

function textsIn({ realtimeInput, clientContent }: LiveClientMessage): string[] {
  const written = (clientContent?.turns ?? [])
    .flatMap(({ parts }) => parts ?? [])
    .map(({ text = '' }) => text);
  return realtimeInput?.text ? [realtimeInput.text, ...written] : written;
}
