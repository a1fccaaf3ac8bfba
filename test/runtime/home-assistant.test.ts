import { nodeRed4 } from '../support/node-red';
import { describeHomeAssistant } from './home-assistant';

describeHomeAssistant('4.1', nodeRed4);
