import assert from 'node:assert/strict';
import { defineTool, type AnyTool, type ToolContext } from '../../src/live';

/** Compiles only where both types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_same: Same<A, B>): void {}

interface Home {
  lights: Map<string, boolean>;
}

/** What the compiler says of these lines is the test; `npm run typecheck` runs it. */
describe('live: types of a function’s arguments', () => {
  it('are those of its schema', () => {
    const tool = defineTool(
      {
        name: 'f',
        parameters: {
          type: 'object',
          properties: {
            room: { type: 'string', enum: ['kitchen', 'bedroom'] },
            on: { type: 'boolean' },
            brightness: { type: 'integer', minimum: 0, maximum: 100 },
            colours: { type: 'array', items: { type: 'string' } },
            fade: {
              type: 'object',
              properties: { seconds: { type: 'number' }, curve: { type: ['string', 'null'] } },
              required: ['seconds'],
            },
            note: { type: 'STRING', nullable: true },
            level: { anyOf: [{ type: 'number' }, { const: 'auto' }] },
          },
          required: ['room', 'on', 'fade'],
        },
      },
      (args, context) => {
        same<
          typeof args,
          {
            room: 'kitchen' | 'bedroom';
            on: boolean;
            fade: { seconds: number; curve?: string | null };
            brightness?: number;
            colours?: string[];
            note?: string | null;
            level?: number | 'auto';
          }
        >(true);
        same<typeof context, ToolContext>(true);
        // @ts-expect-error no such argument
        void args.rooms;
        // @ts-expect-error a room is one of two
        if (args.room === 'garage') return;
        // @ts-expect-error it may be left out
        args.brightness.toFixed();
        // @ts-expect-error nobody knows what is shared
        void context.state.lights;
      },
    );
    const any: AnyTool = tool;
    assert.equal(any.name, 'f');
  });

  it('are none without parameters, and anything where the schema is known only at run time', () => {
    defineTool({ name: 'f' }, (args) => {
      // @ts-expect-error there are none
      void args.room;
    });
    const schema: object = { type: 'object', properties: { room: { type: 'string' } } };
    const tool = defineTool({ name: 'f', parameters: schema }, (args) => {
      same<typeof args, Record<string, unknown>>(true);
      return args;
    });
    assert.equal(tool.name, 'f');
  });

  it('include what functions share', () => {
    const tool = defineTool({ name: 'f' }, (_args, { state }: ToolContext<Home>) => {
      same<typeof state, Home>(true);
      // @ts-expect-error a light is on or off
      state.lights.set('kitchen', 'on');
    });
    const list: AnyTool[] = [tool];
    assert.equal(list.length, 1);
  });

  it('do not let a declaration pass that is wrong', () => {
    // @ts-expect-error a function needs a name
    assert.throws(() => defineTool({}, () => {}), { code: 'BAD_INPUT' });
    // @ts-expect-error there is no such behaviour
    assert.throws(() => defineTool({ name: 'f', behavior: 'LATER' }, () => {}), { code: 'BAD_INPUT' });
    assert.throws(
      () =>
        defineTool(
          {
            name: 'set light',
            parameters: { type: 'object', properties: { rooms: { type: 'list' } }, required: ['room'] },
          },
          () => {},
        ),
      /name: .*parameters\.properties\.rooms\.type: .*parameters\.required\[0\]: /,
    );
  });
});
