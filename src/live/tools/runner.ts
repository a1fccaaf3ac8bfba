import { isObject, type FunctionResponse } from '../../protocol';
import { isFailureStatus, toolAnswer, toolFailure, type ToolAnswer, type ToolFailure } from './answers';
import type { AnyTool, ToolContext } from './define';
import type { Answerer, Call } from './ledger';
import type { Scheduling } from './policy';
import type { ToolSession } from './tool-session';

/** What a {@link Runner} needs of its session. */
export interface RunnerContext {
  session(): ToolSession;
  state: unknown;
  /** Takes an answer, whole or partial. */
  answer(call: Call, response: FunctionResponse, answerer: Answerer): void;
  /** Whether the model takes partial results of a function. */
  partial(name: string): boolean;
}

const CLIENT: Answerer = { by: 'client' };

/** Runs functions of the application, and stops them when their answers are not wanted any more. */
export class Runner {
  private readonly running = new Map<string, AbortController>();

  constructor(private readonly context: RunnerContext) {}

  has(key: string): boolean {
    return this.running.has(key);
  }

  /** Runs a function for a call. Nothing that it does comes back here but its answer. */
  start(call: Call, tool: AnyTool): void {
    const control = new AbortController();
    this.running.set(call.key, control);
    void this.work(call, tool, control);
  }

  /** The answer is not wanted any more. */
  stop(key: string, why: string): void {
    const control = this.running.get(key);
    this.running.delete(key);
    control?.abort(new Error(why));
  }

  stopAll(why: string): void {
    for (const key of [...this.running.keys()]) this.stop(key, why);
  }

  private async work(call: Call, tool: AnyTool, control: AbortController): Promise<void> {
    const wanted = (): boolean => this.running.get(call.key) === control;
    const done = (answer: ToolAnswer, answerer: Answerer): void => {
      if (!wanted()) return;
      this.running.delete(call.key);
      this.context.answer(call, responseOf(call, answer, tool.scheduling), answerer);
    };
    const progress: ToolContext['progress'] = (value, { scheduling = tool.scheduling } = {}) => {
      if (!wanted()) return;
      const response = responseOf(call, toolAnswer(value), scheduling);
      this.context.answer(call, { ...response, willContinue: true }, CLIENT);
    };
    try {
      const { id, name, turn, args } = call;
      const { state } = this.context;
      const session = this.context.session();
      const context = { id, name, turn, session, state, signal: control.signal, progress };
      // A function may change what it is given; the call is told as it was.
      const result = await tool.run(structuredClone(args), context);
      if (!isGenerator(result)) return done(toolAnswer(result), CLIENT);
      const { value, last } = await drain(result, control.signal, progress);
      // Where partial results are not taken, the last one is the whole.
      done(toolAnswer(value ?? (this.context.partial(name) ? undefined : last)), CLIENT);
    } catch (error) {
      const failure = failureOf(call.name, error);
      done({ response: { ...failure } }, { by: 'session', status: failure.error.status });
    }
  }
}

/** What a function threw, as the model is told it; a failure may be thrown as it is. */
function failureOf(name: string, thrown: unknown): { error: ToolFailure } {
  const { error, message } = (isObject(thrown) ? thrown : {}) as { error?: unknown; message?: unknown };
  if (isObject(error) && typeof error['message'] === 'string') {
    const { status, retryable, hint } = error;
    return toolFailure({
      status: isFailureStatus(status) ? status : 'FAILED',
      message: error['message'],
      ...(typeof retryable === 'boolean' && { retryable }),
      ...(typeof hint === 'string' && { hint }),
    });
  }
  const said = thrown instanceof Error || typeof message === 'string' ? String(message) : String(thrown);
  return toolFailure({ status: 'FAILED', message: `${name} failed: ${said}` });
}

/** Runs a generator to its end. @returns what it returned, and what it yielded last */
async function drain(
  generator: AsyncIterator<unknown>,
  signal: AbortSignal,
  progress: (value: unknown) => void,
): Promise<{ value: unknown; last: unknown }> {
  // It may clean up after itself, also while it waits for something.
  const stop = (): void => void generator.return?.().catch(() => {});
  signal.addEventListener('abort', stop, { once: true });
  let last: unknown;
  for (;;) {
    const { done, value } = await generator.next();
    if (done) return { value, last };
    last = value;
    progress(value);
  }
}

function isGenerator(value: unknown): value is AsyncIterator<unknown> {
  return (
    typeof (value as Partial<AsyncGenerator> | undefined)?.[Symbol.asyncIterator] === 'function' &&
    typeof (value as Partial<AsyncGenerator>).next === 'function'
  );
}

function responseOf({ id, name }: Call, answer: ToolAnswer, scheduling?: Scheduling): FunctionResponse {
  return { id, name, ...answer, ...(scheduling && { scheduling }) };
}
