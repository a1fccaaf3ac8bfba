import { nodeRed4 } from '../support/node-red';
import { describeTalk } from './talk';

describeTalk('4.1', nodeRed4);
