import { nodeRed4 } from '../support/node-red';
import { describeEyesExamples } from './eyes-examples';

describeEyesExamples('4.1', nodeRed4);
