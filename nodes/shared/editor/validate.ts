import { configProblem } from '../../config/editor';
import type { FieldName } from '../../config/fields';
import { wakeProblem } from '../../session/editor';
import { validateVideo } from '../../video-in/editor';
import { functionProblems } from './functions/problems';
import { functionRows } from './functions/row';
import { says } from './lists';
import { sessionProblem } from './sessions';
import { pageProblem } from './talk';
import type { EditorNode } from './types';

/** Node-RED's answer to "is this field right?": true, or what is wrong. */
type Verdict = true | string | string[];

/** Fields of which the editor can say at once that they cannot work. The runtime checks them again. */
export const validate = {
  /** A field of the config node, by the same table as the runtime. */
  config(node: EditorNode, field: FieldName, value: unknown): Verdict {
    const problem = configProblem(node, field, value);
    return problem ? node._def._(problem.key, problem.values) : true;
  },
  /** Number within bounds, or nothing. */
  number(node: EditorNode, value: string | number, min: number, max: number): Verdict {
    if (value === '' || value === undefined || value === null) return true;
    const number = Number(value);
    return number >= min && number <= max
      ? true
      : node._def._('invalid.number', { min: String(min), max: String(max) });
  },
  /** Text that is needed while another field has a certain value; an environment variable may bring it. */
  text(node: EditorNode, value: string, field: string, ...values: string[]): Verdict {
    return value || !says(node, field, ...values) ? true : node._def._('invalid.missing');
  },
  /** The functions of a tools node: each mistake with the function and the place in it. */
  functions(node: EditorNode, value: unknown): Verdict {
    const rows = functionRows(value);
    const problems = functionProblems(rows, (key, values) => node._def._(key, values)).flatMap(
      (list, index) =>
        list.map(({ path, problem }) => [rows[index]?.name, path, problem].filter(Boolean).join(': ')),
    );
    return problems.length === 0 || problems;
  },
  /** Address, region and masks of a video-in node. */
  video: validateVideo,
  /** What wakes a session node: its phrase, or the address of a wake-word service. */
  wake(node: EditorNode, way: 'phrase' | 'wyoming', value: unknown): Verdict {
    return wakeProblem(node, way, value) ?? true;
  },
  /** Name of a talk page, needed while `field` has one of these values. */
  page(node: EditorNode, value: unknown, field: string, ...values: string[]): Verdict {
    return pageProblem(node, value, field, ...values) ?? true;
  },
  /** The only session that a node is for. */
  session(node: EditorNode, value: unknown): Verdict {
    return sessionProblem(node, value) ?? true;
  },
};
