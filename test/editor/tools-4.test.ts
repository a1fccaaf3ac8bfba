import { nodeRed4 } from '../support/node-red';
import { describeToolDialogs } from './tools';

describeToolDialogs('4.1', nodeRed4, ['light']);
