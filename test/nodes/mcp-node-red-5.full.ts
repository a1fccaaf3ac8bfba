import { findNodeRed5 } from '../../scripts/fetch-node-red-5';
import { describeMcp } from './mcp-node-red';

describeMcp('5.0', findNodeRed5);
