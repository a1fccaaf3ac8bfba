import { findNodeRed5 } from '../../scripts/fetch-node-red-5';
import { describeToolExamples } from './tool-examples';

describeToolExamples('5.0', findNodeRed5);
