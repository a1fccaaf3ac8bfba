import { findNodeRed5 } from '../../scripts/fetch-node-red-5';
import { describeHomeAssistant } from './home-assistant';

describeHomeAssistant('5.0', findNodeRed5);
