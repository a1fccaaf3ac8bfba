import { findNodeRed5 } from '../../scripts/fetch-node-red-5';
import { describeSessionDialog } from './session-dialog';

describeSessionDialog('5.0', findNodeRed5, ['light', 'dark']);
