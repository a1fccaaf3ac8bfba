import { nodeRed4 } from '../support/node-red';
import { describeToolExamples } from './tool-examples';

describeToolExamples('4.1', nodeRed4);
