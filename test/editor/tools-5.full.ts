import { findNodeRed5 } from '../../scripts/fetch-node-red-5';
import { describeToolDialogs } from './tools';

describeToolDialogs('5.0', findNodeRed5, ['light', 'dark']);
