import { isCallable, isObject, profileFor, type LiveConnectConfig } from '../../protocol';
import { argumentChecker, checkArguments, type ArgumentChecker, type CheckedArguments } from './arguments';
import type { AnyTool } from './define';

/** A function as it is declared to the model. */
export interface DeclaredFunction {
  name: string;
  description?: string;
  behavior?: string;
  parameters?: object;
  parametersJsonSchema?: unknown;
}

interface Row {
  declaration: DeclaredFunction;
  /** Made when it is needed first. */
  check?: ArgumentChecker;
}

/** The functions that the model may call now. */
export class FunctionTable {
  private rows = new Map<string, Row>();
  private anything = false;
  /** The session's own functions when the declaration was made: the model may still call them. */
  private declared: readonly AnyTool[] = [];

  /** @param own functions that the session runs by itself */
  constructor(
    private readonly model: string,
    public own: readonly AnyTool[] = [],
  ) {}

  /** What the connection that begins, or goes on, declares. */
  declare(tools: LiveConnectConfig['tools']): void {
    this.rows = new Map();
    this.declared = this.own;
    const list = Array.isArray(tools) ? tools.filter((tool) => isObject(tool) && !isCallable(tool)) : [];
    // The functions of computer use are known to the model without being declared.
    this.anything = list.some((tool) => 'computerUse' in tool);
    for (const tool of list) {
      const declarations: unknown = 'functionDeclarations' in tool ? tool.functionDeclarations : undefined;
      for (const one of Array.isArray(declarations) ? (declarations as unknown[]) : []) {
        if (!isObject(one) || typeof one['name'] !== 'string') continue;
        this.rows.set(one['name'], { declaration: one as unknown as DeclaredFunction });
      }
    }
  }

  /** The function that the session runs for a name. */
  tool(name: string): AnyTool | undefined {
    const named = (tool: AnyTool): boolean => tool.name === name;
    return this.own.find(named) ?? this.declared.find(named);
  }

  get names(): string[] {
    return [...this.rows.keys()];
  }

  /** Whether the model may rightly call it. */
  has(name: string): boolean {
    return this.anything || this.rows.has(name);
  }

  /** Whether the model waits for the answer of a function. */
  blocking(name: string): boolean {
    const { behaviors, behaviorField, default: usual } = profileFor(this.model).tools;
    const wanted = this.rows.get(name)?.declaration.behavior;
    // A behaviour that the model does not take is not sent: then it does what it always does.
    const counts = behaviorField && (behaviors as readonly string[]).includes(wanted ?? '');
    return (counts ? wanted : usual) !== 'NON_BLOCKING';
  }

  /** The arguments as declared, or what is wrong with them. */
  check(name: string, args: unknown): CheckedArguments {
    const row = this.rows.get(name);
    // What is not declared takes any arguments.
    if (!row) return checkArguments({}, args);
    row.check ??= argumentChecker(row.declaration);
    return row.check(args);
  }
}
