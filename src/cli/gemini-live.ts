#!/usr/bin/env node
/** `gemini-live`: talk with a model, check an endpoint, make a token, play a recording. See docs/cli.md. */
import { main } from './chat/main';

/** Things that a user's tool left running must not hold the terminal (ms). */
const LINGER_MS = 1000;

const { stdin: input, stdout: out, stderr: err, env } = process;

// A reader that goes away, as head does, ends a command; it is no error.
out.on('error', () => {});

void main(process.argv.slice(2), { input, out, err, env }).then((code) => {
  process.exitCode = code;
  setTimeout(() => process.exit(), LINGER_MS).unref();
});
