import { findNodeRed5 } from '../../scripts/fetch-node-red-5';
import { describeEditor } from './examples';

describeEditor('5.0', findNodeRed5, ['light', 'dark']);
