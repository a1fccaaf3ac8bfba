import { findNodeRed5 } from '../../scripts/fetch-node-red-5';
import { describeConversation } from './conversation';

describeConversation('5.0', findNodeRed5);
