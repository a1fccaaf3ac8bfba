export {
  isFailureStatus,
  toolAnswer,
  toolFailure,
  type ToolAnswer,
  type ToolFailure,
  type ToolFailureStatus,
} from './answers';
export { checkArguments, type CheckedArguments, type CheckedDeclaration } from './arguments';
export { defineTool, type AnyTool, type Tool, type ToolContext, type ToolDefinition } from './define';
export type { Answerer, ToolResult } from './ledger';
export type { OpenCall, ToolArgs, ToolOutcome } from './open-call';
export type { ToolSession } from './tool-session';
export type { ArgumentsOf, FromSchema } from './schema-types';
export { ANSWER_MS, type FunctionPolicy, type Scheduling, type ToolPolicy } from './policy';
