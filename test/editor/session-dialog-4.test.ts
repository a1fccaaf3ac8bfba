import { nodeRed4 } from '../support/node-red';
import { describeSessionDialog } from './session-dialog';

describeSessionDialog('4.1', nodeRed4, ['light']);
