import assert from 'node:assert/strict';
import type { LiveStats, ToolOutcome } from '../../src/live';
import type { JournalEntry, LocalLiveServer } from '../../src/server';
import { numbersIn, type Speech } from './speech';

const FRAME_MS = 20;
const BYTES_PER_MS = 32;

/** What became of every function call and of every piece of sound, seen from both sides. */
export class Account {
  private readonly servers: LocalLiveServer[] = [];
  /** How often our side was told of each call. */
  private readonly calls = new Map<string, number>();
  /** What our side was told of each answer. */
  private readonly results = new Map<string, ToolOutcome[]>();
  /** How many answers the servers took, by id of the call. */
  private readonly taken = new Map<string, number>();
  /** Calls that the servers made. */
  private readonly made = new Set<string>();

  watch(server: LocalLiveServer): void {
    this.servers.push(server);
    server.on('toolCall', ({ id }) => this.made.add(id));
    server.on('toolResponse', ({ id, outcome }) => {
      if (outcome === 'taken') this.taken.set(id, (this.taken.get(id) ?? 0) + 1);
    });
  }

  called(id: string): void {
    this.calls.set(id, (this.calls.get(id) ?? 0) + 1);
  }

  settled(id: string, outcome: ToolOutcome): void {
    this.results.set(id, [...(this.results.get(id) ?? []), outcome]);
  }

  /** Calls that were answered. */
  get answeredCalls(): number {
    return this.taken.size;
  }

  /** Everything in the journals, in order. */
  get journal(): JournalEntry[] {
    return this.servers.flatMap(({ journal }) => journal);
  }

  /** No function ran twice for one call, and no call got two answers or none without being given up aloud. */
  checkCalls(): void {
    for (const [id, times] of this.calls) {
      assert.equal(times, 1, `call ${id} was told ${times} times`);
      const results = this.results.get(id) ?? [];
      assert.equal(
        results.filter((outcome) => outcome !== 'lost').length <= 1,
        true,
        `call ${id}: ${results.join()}`,
      );
      assert.ok(results.length > 0, `nothing is known of the answer to call ${id}`);
    }
    for (const [id, times] of this.taken) assert.equal(times, 1, `call ${id} was answered ${times} times`);
    for (const id of this.made) {
      const told = this.calls.has(id);
      const answered = this.taken.has(id) || (this.results.get(id) ?? []).some((o) => o !== 'sent');
      // One that got lost on its way here, or whose answer got lost on its way there, was asked again under another id.
      assert.ok(answered || !told || this.lost(id), `call ${id} was left without an answer`);
    }
  }

  /** Every byte that was handed in was sent, or is counted; and every frame with speech arrived, or is counted. */
  checkSound(speech: Speech, { audioBytes, forgottenAudioMs, repeatedAudioMs }: LiveStats): void {
    const { given, sent, dropped, queued } = audioBytes;
    assert.equal(given, speech.frames * FRAME_MS * BYTES_PER_MS, 'bytes that were handed in');
    assert.equal(sent + dropped + queued, given, 'sent, dropped and queued bytes');
    const arrived = this.arrived();
    const total = [...arrived.values()].reduce((sum, times) => sum + times, 0) * FRAME_MS * BYTES_PER_MS;
    assert.ok(total <= sent + repeatedAudioMs * BYTES_PER_MS + 1, 'nothing arrives that was not sent');
    const missing = speech.voiced.filter((number) => !arrived.has(number)).length * FRAME_MS;
    const counted = dropped / BYTES_PER_MS + forgottenAudioMs;
    assert.ok(
      missing <= counted + 0.1,
      `${missing} ms of speech never arrived, and ${counted} ms are counted`,
    );
  }

  /** How often each frame arrived, on whatever connection. */
  private arrived(): Map<number, number> {
    const times = new Map<number, number>();
    for (const entry of this.journal) {
      if (entry.kind !== 'received') continue;
      const { data } = entry.message.realtimeInput?.audio ?? {};
      if (!data) continue;
      for (const number of numbersIn(Buffer.from(data, 'base64')))
        times.set(number, (times.get(number) ?? 0) + 1);
    }
    return times;
  }

  /** The connection on which the call was made ended before its answer arrived. */
  private lost(id: string): boolean {
    const { journal } = this;
    const from = journal.findIndex(
      (entry) =>
        entry.kind === 'sent' && entry.message.toolCall?.functionCalls?.some((call) => call.id === id),
    );
    const { connection } = journal[from] ?? {};
    const rest = journal.slice(from).filter((entry) => entry.connection === connection);
    return rest.some(({ kind }) => kind === 'close');
  }
}
