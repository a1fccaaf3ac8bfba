import { nodeRed4 } from '../support/node-red';
import { describeMcp } from './mcp-node-red';

describeMcp('4.1', nodeRed4);
