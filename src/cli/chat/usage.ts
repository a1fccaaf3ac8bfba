/** The texts of `--help`. */
export const USAGE = `Usage: gemini-live chat   [options]     talk with a model in text, and hear its voice
       gemini-live check  [options]     connect once, and say what happened
       gemini-live token  [options]     make an ephemeral token from an API key
       gemini-live replay FILE [options] play a recording of a session
       gemini-live --version

Without a key it talks to the local Live server, which answers by rules. gemini-live COMMAND --help tells the options.
`;

const CONNECT = `Where to:
  --endpoint WHERE  local, gemini, vertex, or a URL (ws://, wss://, http://, https://)
                    default: gemini if there is a key or token, else local
  --model NAME      default: GEMINI_MODEL, else the suite's default
  --token TOKEN     an ephemeral token, or @FILE with one (also: GEMINI_TOKEN)
  --key-file FILE   a file with the API key (also: GEMINI_API_KEY or GOOGLE_API_KEY). There is no --key: the
                    arguments of a program can be read by every user of the machine
  --project ID, --location NAME   for vertex (also: GOOGLE_CLOUD_PROJECT, GOOGLE_CLOUD_LOCATION)
  --proxy URL       HTTP proxy (also: HTTPS_PROXY, NO_PROXY); "none" ignores the environment
  --timeout SECONDS longest wait for a connection or an answer (default 60)
`;

export const CHAT_USAGE = `Usage: gemini-live chat [options]

Each line that you write is said to the model; its answer appears as it comes. Lines can also come from a pipe.

${CONNECT}
How:
  --voice NAME      prebuilt voice, such as Kore
  --language CODE   such as de-DE
  --system TEXT     instructions; @FILE reads them from a file
  --tools FILE      functions: JSON with declarations and results, or a JavaScript module (docs/cli.md)
  --play            play the voice
  --save FILE.wav   save the voice
  --once TEXT       say this, wait for the answer, and end
  --resume FILE     keep the conversation in FILE, and go on with it the next time
  --record FILE     record all frames, without secrets (docs/recordings.md)
  --json            events as JSON lines instead of text

The model's words go to the standard output, everything else to the error output.
While it runs: /help /say /interrupt /context /image /audio /quit. Ctrl-C interrupts the answer, once more ends.
Exit codes: 0 well, 1 failed, 2 wrong use, 3 no connection, 4 refused by the service, 130 Ctrl-C.
`;

export const CHECK_USAGE = `Usage: gemini-live check [options]

Connects with the configuration, says what happened in words, and ends; nothing is said to the model.

${CONNECT}  --json            the result as one JSON object

Exit codes: 0 well, 2 wrong use, 3 no connection, 4 refused by the service.
`;

export const TOKEN_USAGE = `Usage: gemini-live token [options]

Makes an ephemeral token from the API key and prints it: a client that must not have the key, such as a browser,
can open a session with it.

${CONNECT}  --uses N          sessions that may be opened with it (default 1, 0 = any number)
  --minutes N       how long sessions with it may last (default 30)
  --start-within S  how long a session may be opened with it (s, default 60)
  --lock            good for this model only
  --json            token and times as one JSON object
`;

export const REPLAY_USAGE = `Usage: gemini-live replay FILE [options]

Plays a recording as a server, and shows what a client makes of it: here, or for your own client with --serve.

  --speed N         1 as it was (default), 10 ten times as fast, 0 as fast as possible
  --serve PORT      serve your own client on this port (0 = any free one) until Ctrl-C
  --verify          with --serve: end when all was played, and say in what the client differed (exit code 1)
  --play            play the voice
  --save FILE.wav   save the voice
  --json            events as JSON lines instead of text
`;

/** What can be written during a chat. */
export const CHAT_HELP = `  /say TEXT        let the model announce something
  /interrupt       silence the answer
  /context TEXT    new instructions from now on
  /image FILE      show a picture (JPEG or PNG)
  /audio FILE      let the model hear a sound file
  /quit            end; so does Ctrl-D
  //…              a line that begins with a slash
`;
