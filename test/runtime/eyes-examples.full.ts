import { findNodeRed5 } from '../../scripts/fetch-node-red-5';
import { describeEyesExamples } from './eyes-examples';

describeEyesExamples('5.0', findNodeRed5);
