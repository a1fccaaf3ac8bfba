import { findNodeRed5 } from '../../scripts/fetch-node-red-5';
import { describeHome } from './home';

describeHome('5.0', findNodeRed5);
