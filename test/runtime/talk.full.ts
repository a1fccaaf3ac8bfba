import { findNodeRed5 } from '../../scripts/fetch-node-red-5';
import { describeTalk } from './talk';

describeTalk('5.0', findNodeRed5);
