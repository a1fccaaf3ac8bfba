import { nodeRed4 } from '../support/node-red';
import { describeEditor } from './examples';

describeEditor('4.1', nodeRed4, ['light']);
