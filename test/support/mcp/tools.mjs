import { setTimeout } from 'node:timers';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';

/** A red pixel. */
const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';

const room = { type: 'string', enum: ['kitchen', 'bedroom', 'living room'] };
const none = { type: 'object' };

/** Tools of all kinds; `kinds` says what each gives back. */
const TOOLS = [
  {
    name: 'set_light',
    description: 'Switches a light.',
    inputSchema: {
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      properties: {
        room,
        on: { type: 'boolean' },
        brightness: { type: 'integer', minimum: 0, maximum: 100 },
      },
      required: ['room', 'on'],
      additionalProperties: false,
    },
  },
  {
    name: 'get_temperature',
    description: 'Tells how warm a room is.',
    inputSchema: { type: 'object', properties: { room } },
  },
  { name: 'picture', description: 'Gives a picture.', inputSchema: none },
  { name: 'fail', description: 'Fails.', inputSchema: none },
  { name: 'refuse', description: 'Is refused by the protocol.', inputSchema: none },
  { name: 'slow', description: 'Never answers, but hears a cancellation.', inputSchema: none },
  { name: 'steps', description: 'Tells its progress.', inputSchema: none },
  { name: 'die', description: 'Ends the server.', inputSchema: none },
  { name: 'environment', description: 'Tells what it was given.', inputSchema: none },
  { name: 'heard', description: 'Tells which cancellations came.', inputSchema: none },
  { name: 'grow', description: 'Adds a tool.', inputSchema: none },
];

const text = (value) => ({
  content: [{ type: 'text', text: typeof value === 'string' ? value : JSON.stringify(value) }],
});

/**
 * A server of the official SDK with two pages of tools.
 *
 * @param state shared by all sessions of a process: `{calls, cancelled, extra, secrets()}`
 */
export function mcpServer(state) {
  const server = new Server(
    { name: 'test', version: '1.0.0' },
    { capabilities: { tools: { listChanged: true } } },
  );
  server.setRequestHandler(ListToolsRequestSchema, ({ params }) => {
    const all = [...TOOLS, ...state.extra];
    return params?.cursor === 'two' ? { tools: all.slice(4) } : { tools: all.slice(0, 4), nextCursor: 'two' };
  });
  server.setRequestHandler(
    CallToolRequestSchema,
    async ({ params }, { signal, sendNotification, requestId, _meta }) => {
      const { name, arguments: args = {} } = params;
      state.calls.push({ name, args });
      switch (name) {
        case 'set_light':
          return { ...text('done'), structuredContent: { room: args.room, on: args.on } };
        case 'get_temperature':
          return text({ temperature: 21.5 });
        case 'picture':
          return {
            content: [
              { type: 'text', text: 'Here it is.' },
              { type: 'image', data: PNG, mimeType: 'image/png' },
            ],
          };
        case 'fail':
          return { ...text('The lamp is broken.'), isError: true };
        case 'slow':
          return new Promise((resolve) => {
            signal.addEventListener('abort', () => {
              state.cancelled.push(requestId);
              resolve(text('too late'));
            });
          });
        case 'steps':
          for (const step of [1, 2, 3]) {
            const progress = {
              progressToken: _meta?.progressToken,
              progress: step,
              total: 3,
              message: `step ${step}`,
            };
            if (_meta?.progressToken !== undefined)
              await sendNotification({ method: 'notifications/progress', params: progress });
            await new Promise((resolve) => setTimeout(resolve, 30));
          }
          return text('finished');
        case 'die':
          setTimeout(() => state.die(), 10);
          return new Promise(() => {});
        case 'environment':
          return text(state.given());
        case 'heard':
          return text({ cancelled: state.cancelled.length });
        case 'grow':
          state.extra.push({ name: `tool${state.extra.length + 1}`, inputSchema: none });
          await server.sendToolListChanged();
          return text('grown');
        default:
          throw new Error(`There is no tool ${name}.`);
      }
    },
  );
  return server;
}
