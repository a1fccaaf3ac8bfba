import { nodeRed4 } from '../support/node-red';
import { describeConversation } from './conversation';

describeConversation('4.1', nodeRed4);
